// What a platform wants done to a packed file, and what must hold of it before it is given to anybody.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PrepareError } from '../../prepare.mjs';
import { inspectElf } from './elf.mjs';
import { inspectMachO } from './macho.mjs';
import { inspectPe, withoutCertificates } from './pe.mjs';
import { signAdHoc } from './rcodesign.mjs';

/** Changes the file in place. Throws PrepareError when it is not what its name says. */
export function finish(file, { platform, arch }) {
  const found = FINISHERS[platform](file);
  if (found !== arch) throw new PrepareError(`${path.basename(file)} is for ${found}`);
}

const FINISHERS = {
  linux: (file) => inspectElf(readFileSync(file)).arch,
  darwin(file) {
    const isSigned = signAdHoc(file);
    const { arch, signature } = inspectMachO(readFileSync(file));
    if (isSigned && (signature === undefined || signature.badPages > 0 || !signature.isAdHoc)) throw new PrepareError(`${path.basename(file)} was signed wrongly: ${JSON.stringify(signature)}`);
    return arch;
  },
  win32(file) {
    const bytes = withoutCertificates(readFileSync(file));
    writeFileSync(file, bytes);
    return inspectPe(bytes).arch;
  },
};
