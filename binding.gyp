{
  "targets": [
    {
      "target_name": "adaptune",
      "type": "none",
      "actions": [
        {
          "action_name": "build",
          "message": "Building with cmake-js",
          "inputs": [],
          "outputs": ["<(PRODUCT_DIR)/adaptune.node"],
          "action": ["node", "<(module_root_dir)/setup/install.js"]
        }
      ]
    }
  ]
}
