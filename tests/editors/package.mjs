// The package of the VS Code extension holds what its manifest names.
import { execFileSync } from 'node:child_process';
import assert from 'node:assert/strict';

const file = process.argv[2];
const python = (code) => execFileSync('python3', ['-c', code, file], { encoding: 'utf8', maxBuffer: 1 << 26 });
const names = python('import sys, zipfile; print("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))').trim().split('\n');
const read = (name) => python(`import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read(${JSON.stringify(name)}).decode())`);
const manifest = JSON.parse(read('extension/package.json'));
const { languages, grammars, snippets, commands } = manifest.contributes;
const named = [
    manifest.main,
    ...languages.map((it) => it.configuration),
    ...grammars.map((it) => it.path),
    ...snippets.map((it) => it.path),
];
for (const path of named) {
    const name = `extension/${path.replace(/^\.\//, '')}`;
    assert(names.includes(name), `${name} is not in the package`);
    if (name.endsWith('.json')) JSON.parse(read(name));
}
assert(!names.some((it) => it.includes('node_modules')), 'the package holds its tools');
const client = read('extension/dist/client.js');
for (const { command } of commands) assert(client.includes(command), `nothing runs ${command}`);
console.log(`${names.length} files in the package`);
