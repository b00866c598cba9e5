import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LicenceError, licenceTexts, recognise, requireAllowed } from '../../../build/package/release/licences.mjs';

describe('a licence', () => {
  it.each(['MIT', 'Apache-2.0', '(MIT OR GPL-3.0-only)', 'BSD-3-Clause AND MIT', 'GPL-2.0 OR ISC'])('%s may be inside', (expression) => {
    expect(() => requireAllowed('some-part@1.0.0', expression)).not.toThrow();
  });

  it.each([undefined, '', 'GPL-3.0-only', 'LGPL-2.1', 'AGPL-3.0', 'MPL-2.0', 'MIT AND GPL-2.0', 'UNLICENSED', 'SEE LICENSE IN x', 'MIT AND (GPL-2.0 OR ISC)', 'MITT'])('%j may not, and the part is named', (expression) => {
    expect(() => requireAllowed('some-part@1.0.0', expression)).toThrow(LicenceError);
    expect(() => requireAllowed('some-part@1.0.0', expression)).toThrow('some-part@1.0.0: the licence');
  });
});

it.each([
  ['Apache License\n  Version 2.0, January 2004', 'Apache-2.0'],
  ['Permission is hereby granted, free of\ncharge, to any person', 'MIT'],
  ['Redistributions of source code must … Neither the name of', 'BSD-3-Clause'],
  ['Redistributions of source code must retain', 'BSD-2-Clause'],
  ['Permission is hereby granted, free of charge … GNU LESSER GENERAL PUBLIC LICENSE', 'GPL AND MIT'],
  ['Mozilla Public License Version 2.0', 'MPL-2.0'],
  ['All rights reserved.', undefined],
])('the text %j is read as %s', (text, expression) => {
  expect(recognise(text)).toBe(expression);
});

describe('the texts of a package', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'natsjob-licences-')); });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are its licence and notice files, in order', () => {
    for (const name of ['NOTICE', 'license.md', 'readme.md', 'licensee.js']) writeFileSync(path.join(folder, name), `${name}\r\nline\n`);
    mkdirSync(path.join(folder, 'lib'));
    expect(licenceTexts('part', folder)).toEqual(['NOTICE\nline', 'license.md\nline']);
  });

  it('are the standard text when it only names the licence, and missing otherwise', () => {
    expect(licenceTexts('part', folder, { licence: 'MIT', author: 'A. Person' })).toEqual([expect.stringMatching(/^Copyright \(c\) A\. Person\n[\s\S]*Permission is hereby granted/) as string]);
    for (const declared of [undefined, { licence: 'MIT' }, { licence: 'BSD-3-Clause', author: 'A. Person' }]) expect(() => licenceTexts('part@1', folder, declared)).toThrow('part@1: it brings no licence file');
  });
});
