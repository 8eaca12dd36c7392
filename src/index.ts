export * from "./adaptive";
export * from "./models";
