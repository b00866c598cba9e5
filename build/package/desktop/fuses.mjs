// Switches inside Electron's binary that a packed program may not be without, and how to read them back.
import { FuseState, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';

/**
 * In electron-builder's words. The program is nothing but its own asar, and takes no orders from the environment or the command
 * line. Electron checks the asar on macOS and Windows only. Cookies are encrypted where that asks the person for nothing: on
 * macOS an unsigned program would be asked about the key chain at each update, on Linux the key ring may be locked.
 */
export function fusesFor(os, { isSigned }) {
  return {
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    onlyLoadAppFromAsar: true,
    enableEmbeddedAsarIntegrityValidation: os !== 'linux',
    enableCookieEncryption: os === 'win' || (os === 'macos' && isSigned),
    grantFileProtocolExtraPrivileges: false,
  };
}

/**
 * The fuses of a packed program (`natsjob.app`, `natsjob.exe`, `natsjob-desktop`) in the same words, as they are in the file.
 * Rejects when it holds none.
 */
export async function readFuses(program) {
  const wire = await getCurrentFuseWire(program);
  if (wire.version !== FuseVersion.V1) throw new Error(`the fuses of ${program} are of version ${wire.version}, known is ${FuseVersion.V1}`);
  const isOn = (fuse) => wire[fuse] === FuseState.ENABLE;
  return {
    runAsNode: isOn(FuseV1Options.RunAsNode),
    enableNodeOptionsEnvironmentVariable: isOn(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
    enableNodeCliInspectArguments: isOn(FuseV1Options.EnableNodeCliInspectArguments),
    onlyLoadAppFromAsar: isOn(FuseV1Options.OnlyLoadAppFromAsar),
    enableEmbeddedAsarIntegrityValidation: isOn(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
    enableCookieEncryption: isOn(FuseV1Options.EnableCookieEncryption),
    grantFileProtocolExtraPrivileges: isOn(FuseV1Options.GrantFileProtocolExtraPrivileges),
  };
}
