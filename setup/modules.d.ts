declare module "node-api-headers" {
  export const include_dir: string;
}
declare module "node-addon-api" {
  export const include_dir: string;
}
declare module "node-gyp-build" {
  export function resolve(folder: string): string;
}
