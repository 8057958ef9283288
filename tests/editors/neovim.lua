-- What Neovim shows of a program, with lsp/editors/neovim and `dlm lsp`.
-- $DLM is the command, $EDITORS the folder lsp/editors, $FIXTURE a copy of fixture/ to work in.
local passed, failed = 0, 0

local function say(text)
  io.stdout:write(text .. '\n')
end

local function test(name, run)
  local well, why = xpcall(run, debug.traceback)
  if well then
    passed = passed + 1
    say('ok    ' .. name)
  else
    failed = failed + 1
    say('FAIL  ' .. name .. '\n      ' .. tostring(why))
  end
end

local function expect(fact, text)
  if not fact then
    error(text, 2)
  end
end

local function equal(there, wanted, what)
  expect(vim.deep_equal(there, wanted), what .. ': ' .. vim.inspect(there) .. ', not ' .. vim.inspect(wanted))
end

local function await(what, fact)
  expect(vim.wait(10000, fact, 5), 'waited in vain for ' .. what)
end

local function open(name)
  vim.cmd('edit! ' .. vim.env.FIXTURE .. '/' .. name)
  return vim.api.nvim_get_current_buf()
end

--- Where a text is, from 0; the last time if it is there several times.
local function find(text, pattern)
  for line, content in ipairs(vim.api.nvim_buf_get_lines(text, 0, -1, true)) do
    local at = content:find(pattern, 1, true)
    if at then
      return { line = line - 1, character = at - 1 }
    end
  end
  error('no ' .. pattern)
end

local function ask(buffer, method, parameters)
  parameters.textDocument = { uri = vim.uri_from_bufnr(buffer) }
  local answers = vim.lsp.buf_request_sync(buffer, method, parameters, 10000)
  local _, answer = next(answers or {})
  expect(answer, method .. ': no answer')
  expect(not answer.error, method .. ': ' .. vim.inspect(answer.error))
  return answer.result
end

local function group(line, text)
  local at = vim.fn.getline(line):find(text, 1, true)
  expect(at, text .. ' is not on line ' .. line)
  return vim.fn.synIDattr(vim.fn.synID(line, at, 1), 'name')
end

local function codes(buffer)
  return vim.tbl_map(function(it)
    return it.code or (it.user_data and it.user_data.lsp and it.user_data.lsp.code)
  end, vim.diagnostic.get(buffer))
end

-- The editor of this test may be older than 0.11, which alone reads this file.
test('the settings for Neovim 0.11 name the server', function()
  local settings = dofile(vim.env.EDITORS .. '/neovim/lsp/dlm.lua')
  equal(settings.cmd, { vim.env.DLM, 'lsp' }, 'cmd')
  equal(settings.filetypes, { 'dlm' }, 'filetypes')
  equal(settings.init_options, vim.empty_dict(), 'init_options')
end)

local net = open('net.dlm')

test('a file has its type', function()
  equal(vim.bo.filetype, 'dlm', 'filetype')
  equal(vim.bo.commentstring, '// %s', 'commentstring')
end)

test('words have colours', function()
  equal(group(1, 'data'), 'dlmItem', 'data')
  equal(group(1, 'Digits'), 'dlmDeclared', 'Digits')
  equal(group(2, 'source'), 'dlmSetting', 'source')
  equal(group(2, 'builtin'), 'dlmValue', 'builtin')
  equal(group(2, 'digits'), 'dlmString', 'digits')
  equal(group(5, 'channels'), 'dlmParameter', 'channels')
  equal(group(5, 'int'), 'dlmTypeName', 'int')
  equal(group(6, 'conv'), 'dlmOperator', 'conv')
  equal(group(6, '->'), 'dlmArrow', '->')
  equal(group(11, '16'), 'dlmNumber', '16')
  equal(group(16, 'on'), 'dlmClause', 'on')
  equal(group(21, 'accuracy'), 'dlmMetric', 'accuracy')
end)

test('lines are indented', function()
  local lines = vim.api.nvim_buf_get_lines(net, 0, -1, true)
  vim.cmd('silent normal! gg=G')
  local after = vim.api.nvim_buf_get_lines(net, 0, -1, true)
  vim.cmd('silent! undo')
  equal(after, lines, 'lines')
end)

test('figures are asked for at once', function()
  await('lenses', function() return #vim.lsp.codelens.get(net) > 0 end)
end)

test('a mistake is shown', function()
  await('diagnostics', function() return #vim.diagnostic.get(net) > 0 end)
  equal(codes(net), { 'E0401' }, 'codes')
  local place = find(net, 'dense(10)')
  equal(vim.diagnostic.get(net)[1].lnum, place.line, 'line')
  equal(vim.diagnostic.get(net)[1].col, place.character, 'column')
end)

test('hover tells about an operator', function()
  local hover = ask(net, 'textDocument/hover', { position = find(net, 'max_pool') })
  expect(vim.inspect(hover):find('largest', 1, true), vim.inspect(hover))
end)

test('definition leads to a layer', function()
  local places = ask(net, 'textDocument/definition', { position = find(net, 'Block(16)') })
  local place = places.range and places or places[1]
  equal((place.targetSelectionRange or place.range).start.line, 4, 'line')
end)

test('completion knows the operators', function()
  local at = find(net, 'max_pool(2)')
  at.character = at.character + 3
  local list = ask(net, 'textDocument/completion', { position = at, context = { triggerKind = 1 } })
  local labels = vim.tbl_map(function(it) return it.label end, list.items or list)
  expect(vim.tbl_contains(labels, 'max_pool'), vim.inspect(labels))
end)

test('a quick fix is offered and repairs the file', function()
  local at = find(net, 'dense(10)')
  local range = { start = at, ['end'] = { line = at.line, character = at.character + 5 } }
  local diagnostics = { vim.diagnostic.get(net)[1].user_data.lsp }
  diagnostics[1].range = range
  diagnostics[1].message = vim.diagnostic.get(net)[1].message
  local actions = ask(net, 'textDocument/codeAction', { range = range, context = { diagnostics = diagnostics } })
  local fix = vim.tbl_filter(function(it) return it.kind == 'quickfix' end, actions)[1]
  expect(fix and fix.edit, vim.inspect(actions))
  local clients = vim.lsp.get_clients and vim.lsp.get_clients({ bufnr = net }) or vim.lsp.buf_get_clients(net)
  local _, first = next(clients)
  vim.lsp.util.apply_workspace_edit(fix.edit, first.offset_encoding)
  expect(vim.fn.search('flatten -> dense(10)\\|-> flatten', 'nw') > 0, 'flatten is not there')
  await('no diagnostics', function() return #vim.diagnostic.get(net) == 0 end)
end)

test('a model has figures', function()
  local lenses = ask(net, 'textDocument/codeLens', {})
  local titles = vim.tbl_map(function(it) return it.command.title end, lenses)
  expect(table.concat(titles, '\n'):find('2,730 parameters', 1, true), vim.inspect(titles))
  vim.cmd('doautocmd <nomodeline> CursorHold')
  await('lenses', function() return #vim.lsp.codelens.get(net) == #lenses end)
end)

test('diagnostics follow the text', function()
  vim.api.nvim_buf_set_lines(net, 4, 5, true, { 'layer Block(x: [C, H, W], channels: int = D) {' })
  await('diagnostics', function() return #vim.diagnostic.get(net) > 0 end)
  equal(codes(net)[1], 'E0201', 'code')
  vim.api.nvim_buf_set_lines(net, 4, 5, true, { 'layer Block(x: [C, H, W], channels: int = C) {' })
  await('no diagnostics', function() return #vim.diagnostic.get(net) == 0 end)
end)

test('an untidy file is formatted', function()
  vim.api.nvim_buf_set_lines(net, 1, 2, true, { '  source=builtin( "digits" )' })
  local edits = ask(net, 'textDocument/formatting', { options = { tabSize = 4, insertSpaces = true } })
  vim.lsp.util.apply_text_edits(edits, net, 'utf-16')
  equal(vim.fn.getline(2), '    source = builtin("digits")', 'line')
end)

test('a layer is renamed in both files', function()
  vim.cmd('silent write')
  local wide = open('wide.dlm')
  await('diagnostics', function() return #vim.diagnostic.get(wide) > 0 end)
  equal(codes(wide), { 'E0201' }, 'codes')
  equal(vim.diagnostic.get(wide)[1].col, vim.fn.getline(3):find('oops', 1, true) - 1, 'column in bytes')
  local edit = ask(wide, 'textDocument/rename', { position = find(wide, 'Block(4)'), newName = 'Bloc' })
  vim.lsp.util.apply_workspace_edit(edit, 'utf-16')
  equal(vim.fn.getline(1), 'use "net.dlm": Bloc', 'import')
  equal(vim.fn.getline(6), '    image -> Bloc(4)', 'use')
  equal(vim.api.nvim_buf_get_lines(net, 4, 5, true)[1], 'layer Bloc(x: [C, H, W], channels: int = C) {', 'declaration')
  vim.cmd('silent wall')
end)

test('`DlmCheck` fills the list of mistakes', function()
  vim.cmd('DlmCheck')
  local list = vim.fn.getqflist()
  equal(#list, 1, 'mistakes')
  equal(list[1].lnum, 3, 'line')
  equal(list[1].type:lower(), 'e', 'type')
  vim.cmd('cclose')
end)

test('`DlmDraw` draws', function()
  open('net.dlm')
  vim.ui.open = vim.ui.open and function() end
  local picture = require('dlm').draw()
  expect(picture and vim.fn.filereadable(picture) == 1, 'no picture')
end)

if vim.lsp.inlay_hint then
  test('shapes stand behind steps', function()
    local hints = ask(net, 'textDocument/inlayHint', {
      range = { start = { line = 0, character = 0 }, ['end'] = { line = 20, character = 0 } },
    })
    expect(vim.inspect(hints):find('[16, 8, 8]', 1, true), vim.inspect(hints))
  end)
end

test('the server ends with the editor', function()
  local clients = vim.lsp.get_clients or vim.lsp.get_active_clients
  equal(#clients(), 1, 'servers')
  vim.lsp.stop_client(clients()[1].id)
  await('the end', function() return #clients() == 0 end)
end)

say(string.format('%d passed, %d failed', passed, failed))
vim.cmd(failed == 0 and 'qall!' or 'cquit!')
