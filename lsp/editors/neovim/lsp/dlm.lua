-- What `vim.lsp.enable('dlm')` starts, in Neovim 0.11 and later.
return {
  cmd = { vim.g.dlm_program or 'dlm', 'lsp' },
  filetypes = { 'dlm' },
  root_markers = { '.git' },
  init_options = vim.g.dlm_settings or vim.empty_dict(),
}
