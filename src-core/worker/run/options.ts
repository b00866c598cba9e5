import { hostname } from 'node:os';
import { nuid } from '@nats-io/transport-node';
import { isClientId, isGroup, MAX_CLIENT_ID_LENGTH } from '../../wire/index.ts';
import { checkKnown, checkLog } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import { CONNECTION_OPTIONS } from '../connection.ts';
import type { ConnectionChoice } from '../connection.ts';
import { BadOptionError, checkedName, checkedWhole } from '../errors.ts';
import type { Identity } from './desk.ts';
import type { CheckedHandlerOptions } from './handling.ts';
import type { HandlerOptions, Load } from './types.ts';

export interface WorkerOptions extends ConnectionChoice {
  /** Default `app`. */
  readonly namespace?: string;
  /** The app whose jobs this worker does. */
  readonly app: string;
  /** Who this worker is, to people and to routing; each that runs has its own. Default: made of host, process and chance. */
  readonly id?: string;
  /** How many runs at once, all handlers together. Default 1. */
  readonly concurrency?: number;
  /** For jobs of the category group. */
  readonly group?: string;
  /** Shown beside the worker. */
  readonly comment?: string;
  /** An address to show. Default: none. */
  readonly ip?: string;
  /**
   * 0 = send nothing to this worker, the most = choose it first. A function is asked at each heartbeat, and so is the place for a rule of
   * your own about load. At 0 nothing is fetched from the stream either. Default 100.
   */
  readonly weight?: number | ((load: Load) => number);
  /** A folder with a file for each handler. */
  readonly handlers?: string;
  /** Takes changed files of that folder up while it runs: for development. Default false. */
  readonly watch?: boolean;
}

export interface CheckedWorkerOptions {
  readonly identity: Identity;
  readonly concurrency: number;
  readonly weight: number | ((load: Load) => number);
  readonly comment: string;
  readonly ip: string;
  readonly handlers: string | undefined;
  readonly watch: boolean;
}

const MAX_CONCURRENCY = 10_000;
const MAX_WEIGHT = 1_000_000;
const DEFAULT_WEIGHT = 100;
const DAY_MS = 86_400_000;
export const WORKER_OPTIONS: OptionNames<WorkerOptions> = {
  app: true, namespace: true, id: true, concurrency: true, group: true, comment: true, ip: true, weight: true, handlers: true, watch: true, ...CONNECTION_OPTIONS,
};
const HANDLER_OPTIONS: OptionNames<HandlerOptions> = { concurrency: true, delivery: true, broadcast: true, ackWaitMs: true, maxDeliveries: true };

/** Throws BadOptionError. */
export function checkWorkerOptions(options: WorkerOptions): CheckedWorkerOptions {
  checkKnown('createWorker', options, WORKER_OPTIONS);
  checkLog(options.log);
  const { id, group = '', weight = DEFAULT_WEIGHT, comment = '', ip = '', handlers, watch = false } = options;
  if (id !== undefined && (typeof id !== 'string' || !isClientId(id))) throw new BadOptionError('id', `1 to ${MAX_CLIENT_ID_LENGTH} characters without blanks, dots, * and >`, id);
  if (typeof group !== 'string' || (group !== '' && !isGroup(group))) throw new BadOptionError('group', 'at most 64 characters without blanks, dots, * and >', group);
  if (typeof weight !== 'function') checkedWhole('weight', weight, DEFAULT_WEIGHT, 0, MAX_WEIGHT);
  if (typeof comment !== 'string') throw new BadOptionError('comment', 'text', comment);
  if (typeof ip !== 'string') throw new BadOptionError('ip', 'text', ip);
  if (handlers !== undefined && (typeof handlers !== 'string' || handlers === '')) throw new BadOptionError('handlers', 'the path of a folder', handlers);
  if (typeof watch !== 'boolean') throw new BadOptionError('watch', 'true or false', watch);
  return {
    identity: {
      namespace: checkedName('namespace', options.namespace ?? 'app'),
      app: checkedName('app', options.app),
      id: id ?? `${hostname().replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 32)}-${process.pid}-${nuid.next().slice(-6)}`,
      group,
    },
    concurrency: checkedWhole('concurrency', options.concurrency, 1, 1, MAX_CONCURRENCY),
    weight, comment, ip, handlers, watch,
  };
}

/** Throws BadOptionError. */
export function checkHandlerOptions(options: HandlerOptions, workerConcurrency: number): CheckedHandlerOptions {
  checkKnown('a handler', options, HANDLER_OPTIONS);
  const { broadcast = false } = options;
  if (typeof broadcast !== 'boolean') throw new BadOptionError('broadcast', 'true or false', broadcast);
  const delivery = options.delivery ?? (broadcast ? 'core' : 'jetstream');
  if (delivery !== 'core' && delivery !== 'jetstream') throw new BadOptionError('delivery', 'core or jetstream', delivery);
  if (broadcast && delivery === 'jetstream') throw new BadOptionError('delivery', 'core for a broadcast job, which every worker takes', delivery);
  return {
    broadcast, delivery,
    concurrency: checkedWhole('concurrency', options.concurrency, workerConcurrency, 1, MAX_CONCURRENCY),
    ackWaitMs: checkedWhole('ackWaitMs', options.ackWaitMs, 30_000, 1_000, DAY_MS),
    maxDeliveries: checkedWhole('maxDeliveries', options.maxDeliveries, 10, 1, 1_000_000),
  };
}
