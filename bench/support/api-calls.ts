import { Agent, request } from 'node:http';
import { cpuUs } from './proc.ts';
import { logIn } from './program.ts';
import type { Program } from './program.ts';
import { quantile } from './statistics.ts';

export interface CallFigures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Of the program, a call. */
  readonly cpuUs: number;
  readonly calls: number;
  /** The last answer. */
  readonly body: string;
}

/** Calls the API as a person's browser would: one connection that stays, one call after the other. */
export class ApiCaller {
  readonly #program: Program;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  static async logIn(program: Program): Promise<ApiCaller> {
    return new ApiCaller(program, await logIn(program));
  }

  private constructor(program: Program, token: string) {
    this.#program = program;
    this.#token = token;
  }

  /** Repeats the call for about so long. */
  async measure(path: string, warmUps: number, forMs: number, mostCalls: number): Promise<CallFigures> {
    for (let call = 0; call < warmUps; call++) await this.get(path);
    const times: number[] = [];
    let body = '';
    const cpu = cpuUs(this.#program.pid);
    for (const from = performance.now(); times.length < mostCalls && performance.now() - from < forMs; ) {
      const at = performance.now();
      body = await this.get(path);
      times.push(performance.now() - at);
    }
    const spent = cpuUs(this.#program.pid) - cpu;
    times.sort((a, b) => a - b);
    return { p50: quantile(times, 0.5), p95: quantile(times, 0.95), p99: quantile(times, 0.99), max: times.at(-1)!, cpuUs: spent / times.length, calls: times.length, body };
  }

  get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request(this.#program.url + path, { agent: this.#agent, headers: { authorization: `Bearer ${this.#token}` } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('error', reject).on('end', () => {
          if (answer.statusCode === 200) resolve(text);
          else reject(new Error(`GET ${path} was answered with ${answer.statusCode}: ${text}`));
        });
      });
      call.on('error', reject).end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
