// The scheduler of the desktop console, in a process of its own.
import { startNatsjob } from '../compose.ts';

process.parentPort.on('message', () => void startNatsjob);
