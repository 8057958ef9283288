--- The language server of dlm in Neovim, 0.7 and later.
---
---   vim.g.dlm_program    the command, `dlm` when not set
---   vim.g.dlm_settings   what is shown: { hints = { shapes = true, arguments = true, sizes = true }, lenses = true }
---   vim.g.dlm_lsp        false: no server is started
local M = {}

local function program()
  return vim.g.dlm_program or 'dlm'
end

local function root(file)
  local marks = vim.fs and vim.fs.find('.git', { path = file, upward = true })
  if marks and marks[1] then
    return vim.fs.dirname(marks[1])
  end
  return vim.fn.fnamemodify(file, ':p:h')
end

--- Shapes between the words where this Neovim can show them, figures above models everywhere.
local function attached(client, buffer)
  if client.server_capabilities.inlayHintProvider and vim.lsp.inlay_hint then
    vim.lsp.inlay_hint.enable(true, { bufnr = buffer })
  end
  if not client.server_capabilities.codeLensProvider then
    return
  end
  local function refresh()
    vim.lsp.codelens.refresh(vim.lsp.inlay_hint and { bufnr = buffer } or nil)
  end
  local group = vim.api.nvim_create_augroup('dlm_lenses_' .. buffer, {})
  vim.api.nvim_create_autocmd({ 'BufEnter', 'CursorHold', 'InsertLeave' }, {
    group = group,
    buffer = buffer,
    callback = refresh,
  })
  if buffer == vim.api.nvim_get_current_buf() then
    refresh()
  end
end

--- Starts the server for a buffer, or attaches the one that serves its folder.
local running = {}
local function start(buffer)
  local folder = root(vim.api.nvim_buf_get_name(buffer))
  local config = {
    name = 'dlm',
    cmd = { program(), 'lsp' },
    root_dir = folder,
    init_options = vim.g.dlm_settings or vim.empty_dict(),
    on_attach = attached,
    on_exit = function()
      running[folder] = nil
    end,
  }
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
    return
  end
  running[folder] = running[folder] or vim.lsp.start_client(config)
  if running[folder] then
    vim.lsp.buf_attach_client(buffer, running[folder])
  end
end

--- The server serves each buffer of the type `dlm` from now on.
function M.setup()
  local group = vim.api.nvim_create_augroup('dlm', {})
  if vim.lsp.config and vim.lsp.enable then
    vim.api.nvim_create_autocmd('LspAttach', {
      group = group,
      callback = function(event)
        local client = vim.lsp.get_client_by_id(event.data.client_id)
        if client and client.name == 'dlm' then
          attached(client, event.buf)
        end
      end,
    })
    vim.lsp.enable('dlm')
    return
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = 'dlm',
    callback = function(event)
      start(event.buf)
    end,
  })
end

--- Shows what `dlm` with these words says of the present file, in a window below.
function M.show(words)
  vim.cmd('silent update')
  local file = vim.api.nvim_buf_get_name(0)
  local command = { program() }
  vim.list_extend(command, words)
  table.insert(command, file)
  vim.cmd('botright new')
  vim.fn.termopen(command)
end

--- Checks the present file: what is found goes into the quickfix list.
function M.check()
  vim.cmd('silent update')
  local file = vim.api.nvim_buf_get_name(0)
  local lines = vim.fn.systemlist({ program(), 'check', '--format', 'short', file })
  vim.fn.setqflist({}, ' ', {
    title = 'dlm check',
    lines = lines,
    efm = '%f:%l:%c: %trror[%m,%f:%l:%c: %tarning[%m,%-G%.%#',
  })
  vim.cmd(#vim.fn.getqflist() > 0 and 'copen' or 'cclose')
end

--- Draws a network of the present file: the one of that name, the only one, or the one that the user
--- chooses. Gives the name of the picture.
function M.draw(name)
  vim.cmd('silent update')
  local names = {}
  for _, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, true)) do
    table.insert(names, line:match('^%s*model%s+([%a_][%w_]*)'))
  end
  if not name or name == '' then
    name = names[1]
    if #names > 1 then
      local rows = { 'Which network?' }
      for number, it in ipairs(names) do
        table.insert(rows, number .. ' ' .. it)
      end
      name = names[vim.fn.inputlist(rows)]
    end
  end
  if not name then
    return nil
  end
  local picture = vim.fn.tempname() .. '.svg'
  local file = vim.api.nvim_buf_get_name(0)
  local said = vim.fn.system({ program(), 'show', '--svg', picture, file, name })
  if vim.v.shell_error ~= 0 then
    vim.api.nvim_err_writeln(said)
    return nil
  end
  if vim.ui.open then
    vim.ui.open(picture)
  end
  vim.api.nvim_echo({ { picture } }, true, {})
  return picture
end

return M
