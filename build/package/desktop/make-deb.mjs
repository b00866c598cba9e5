#!/usr/bin/env node
// Takes the words that electron-builder gives to fpm (-s dir -t deb …) and makes the package with dpkg-deb: nothing to download,
// and the same bytes for the same input and SOURCE_DATE_EPOCH. Exit 1 with one line on what it cannot do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Words that are followed by a value. */
const VALUED = new Set(['-s', '-t', '-d', '--deb-recommends', '--deb-compression', '--deb-priority', '--architecture', '--after-install', '--after-remove', '--description', '--version', '--package', '--name', '--maintainer', '--vendor', '--url', '--license', '--category', '--iteration']);
const LEVEL = { xz: ['-Zxz', '-z6'], gz: ['-Zgzip', '-z1'] };

try {
  makeDeb(parseWords(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`make-deb: ${error.message}\n`);
  process.exitCode = 1;
}

/** `{ options: word → values, files: [[from, to]] }`. */
function parseWords(words) {
  const options = new Map();
  const files = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (VALUED.has(word)) options.set(word, [...(options.get(word) ?? []), words[++at]]);
    else if (word.startsWith('-')) options.set(word, []);
    else files.push([word.slice(0, word.lastIndexOf('=')), word.slice(word.lastIndexOf('=') + 1)]);
  }
  const one = (name) => options.get(name)?.at(-1);
  if (one('-s') !== 'dir' || one('-t') !== 'deb') throw new Error(`makes deb from dir only, not ${one('-t')} from ${one('-s')}`);
  return { one, all: (name) => options.get(name) ?? [], files };
}

function makeDeb({ one, all, files }) {
  const tree = mkdtempSync(path.join(tmpdir(), 'natsjob-deb-'));
  try {
    for (const [from, to] of files) lay(from, path.join(tree, to));
    chmodSync(tree, 0o755);
    const sums = listFiles(tree).map((file) => `${createHash('md5').update(readFileSync(path.join(tree, file))).digest('hex')}  ${file}\n`);
    const bytes = listFiles(tree).reduce((sum, file) => sum + statSync(path.join(tree, file)).size, 0);
    const debian = path.join(tree, 'DEBIAN');
    mkdirSync(debian, { mode: 0o755 });
    writeFileSync(path.join(debian, 'control'), controlOf({ one, all, bytes }), { mode: 0o644 });
    writeFileSync(path.join(debian, 'md5sums'), sums.join(''), { mode: 0o644 });
    for (const [script, name] of [['--after-install', 'postinst'], ['--after-remove', 'postrm']]) {
      if (one(script)) writeFileSync(path.join(debian, name), readFileSync(one(script)), { mode: 0o755 });
    }
    const compression = LEVEL[one('--deb-compression') ?? 'xz'];
    if (compression === undefined) throw new Error(`no compression ${one('--deb-compression')}; there are ${Object.keys(LEVEL).join(', ')}`);
    const env = { ...process.env, SOURCE_DATE_EPOCH: process.env.SOURCE_DATE_EPOCH ?? '0' };
    const done = spawnSync('dpkg-deb', ['--root-owner-group', ...compression, '--build', tree, one('--package')], { env, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`dpkg-deb failed: ${(done.error?.message ?? done.stderr).trim()}`);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** A file, or with a slash at its end what is in a folder; with the modes that Debian expects of them. */
function lay(from, to) {
  mkdirSync(from.endsWith('/') ? to : path.dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, dereference: false, verbatimSymlinks: true });
  settle(to);
}

function settle(file) {
  const about = lstatSync(file);
  if (about.isSymbolicLink()) return;
  chmodSync(file, about.isDirectory() || about.mode & 0o111 ? 0o755 : 0o644);
  if (about.isDirectory()) for (const name of readdirSync(file)) settle(path.join(file, name));
}

/** Relative paths of all files, sorted; folders and links are not among them. */
function listFiles(tree) {
  return readdirSync(tree, { recursive: true }).filter((file) => lstatSync(path.join(tree, file)).isFile()).sort();
}

function controlOf({ one, all, bytes }) {
  const [synopsis, ...more] = one('--description').split('\n').map((line) => line.trim());
  const fields = {
    Package: one('--name'), Version: one('--version'), Architecture: one('--architecture'), Maintainer: one('--maintainer'),
    'Installed-Size': Math.ceil(bytes / 1024), Depends: all('-d').join(', '), Recommends: all('--deb-recommends').join(', '),
    Section: one('--category') ?? 'default', Priority: one('--deb-priority') ?? 'optional', Homepage: one('--url'),
    Description: [synopsis, ...more.flatMap((line) => (line === '' ? ['.'] : wrap(line))).map((line) => ` ${line}`)].join('\n'),
  };
  return Object.entries(fields).filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => `${name}: ${value}\n`).join('');
}

/** Lines of at most 79 letters with the space before them, broken between words. */
function wrap(text) {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= 78) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
