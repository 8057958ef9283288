// The package of the VS Code extension holds what its manifest names, and nothing else.
import { execFileSync } from 'node:child_process';

const file = process.argv[2];
const python = (code) => execFileSync('python3', ['-c', code, file], { encoding: 'utf8', maxBuffer: 1 << 26 });
const names = python('import sys, zipfile; print("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))').trim().split('\n');
const read = (name) => python(`import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read(${JSON.stringify(name)}).decode())`);
let passed = 0, failed = 0;
const expect = (fact, text) => {
    if (fact) passed += 1;
    else { failed += 1; console.log(`FAIL  ${text}`); }
};

const manifest = JSON.parse(read('extension/package.json'));
const { languages, grammars, snippets, commands } = manifest.contributes;
const named = [
    manifest.main,
    ...languages.map((it) => it.configuration),
    ...grammars.map((it) => it.path),
    ...snippets.map((it) => it.path),
].map((path) => `extension/${path.replace(/^\.\//, '')}`);
for (const name of named) {
    expect(names.includes(name), `${name} is not in the package`);
    if (name.endsWith('.json')) expect(parses(name), `${name} is no JSON`);
}
const own = ['[Content_Types].xml', 'extension.vsixmanifest', 'extension/package.json', 'extension/readme.md',
    'extension/LICENSE.txt', 'extension/dist/licenses.txt'];
for (const name of own) expect(names.includes(name), `${name} is not in the package`);
for (const name of names) expect(named.includes(name) || own.includes(name), `${name} has no business in the package`);
const client = names.includes(named[0]) ? read(named[0]) : '';
for (const { command } of commands) expect(client.includes(command), `nothing runs ${command}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function parses(name) {
    try { JSON.parse(read(name)); return true; } catch { return false; }
}
