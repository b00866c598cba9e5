// The least a program of Node can do before it answers: start and listen.
import { createServer } from 'node:http';

createServer((_request, answer) => answer.end('ok\n')).listen(Number(process.argv[2]), '127.0.0.1');
