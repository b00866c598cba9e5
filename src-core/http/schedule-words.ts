import { toString as describeCron } from 'cronstrue';
import 'cronstrue/locales/zh_CN.js';
import type { ScheduleWords } from './contract.ts';

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
};

interface Unit { readonly names: readonly string[]; readonly one: string; readonly many: string; readonly zh: string }

const UNITS: readonly Unit[] = [
  { names: ['w'], one: 'week', many: 'weeks', zh: '周' }, { names: ['d'], one: 'day', many: 'days', zh: '天' }, { names: ['h'], one: 'hour', many: 'hours', zh: '小时' },
  { names: ['ms'], one: 'millisecond', many: 'milliseconds', zh: '毫秒' }, { names: ['m'], one: 'minute', many: 'minutes', zh: '分钟' }, { names: ['s'], one: 'second', many: 'seconds', zh: '秒' },
];

const MOST_KNOWN = 2_000;
const known = new Map<string, ScheduleWords | null>();

/** A schedule in plain words, for any of the forms the scheduler reads. Null when there are no words for it: show the expression then. */
export function scheduleWords(expression: string): ScheduleWords | null {
  let words = known.get(expression);
  if (words === undefined) {
    if (known.size >= MOST_KNOWN) known.clear();
    const en = describe(expression.trim(), false);
    const zh = describe(expression.trim(), true);
    words = en === undefined || zh === undefined ? null : { en, 'zh-CN': zh };
    known.set(expression, words);
  }
  return words;
}

function describe(text: string, zh: boolean): string | undefined {
  const [prefix, zone] = /^(?:CRON_)?TZ=(\S+)\s*/.exec(text) ?? ['', undefined];
  const body = text.slice(prefix.length).trim();
  const words = describeBody(body, zh);
  return words === undefined || zone === undefined ? words : zh ? `${words}（${zone}）` : `${words} (${zone})`;
}

function describeBody(body: string, zh: boolean): string | undefined {
  if (body === '') return zh ? '仅手动触发' : 'By hand only';
  const [, word = '', rest = ''] = /^(@\S*)\s*(.*)$/s.exec(body) ?? [];
  if (word === '') return describeFields(body, zh);
  const nickname = NICKNAMES[word.toLowerCase()];
  if (nickname !== undefined) return rest === '' ? describeFields(nickname, zh) : undefined;
  if (word.toLowerCase() === '@every') return describeEvery(rest, zh);
  return word.toLowerCase() === '@at' ? describeAt(rest, zh) : undefined;
}

function describeEvery(duration: string, zh: boolean): string | undefined {
  if (!/^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ms|s|m|h|d|w))+$/.test(duration)) return undefined;
  const parts = [...duration.matchAll(/(\d+\.?\d*|\.\d+)(ms|s|m|h|d|w)/g)].map(([, number = '', name = '']) => ({ count: Number(number), unit: UNITS.find(({ names }) => names.includes(name)) }));
  if (zh) return `每 ${parts.map(({ count, unit }) => `${count} ${unit?.zh}`).join(' ')}一次`;
  const [first] = parts;
  if (parts.length === 1 && first?.count === 1) return `Every ${first.unit?.one}`;
  return `Every ${parts.map(({ count, unit }) => `${count} ${count === 1 ? unit?.one : unit?.many}`).join(' ')}`;
}

function describeAt(time: string, zh: boolean): string | undefined {
  const [, day, clock, offset] = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(time) ?? [];
  if (day === undefined) return undefined;
  const at = `${day} ${clock}${offset === undefined ? '' : ` UTC${offset.toUpperCase() === 'Z' ? '' : offset}`}`;
  return zh ? `一次，${at}` : `Once, at ${at}`;
}

/** `?` means `*` here as in the scheduler; left in, six fields could be taken for five and a year. */
function describeFields(fields: string, zh: boolean): string | undefined {
  try {
    const words = describeCron(fields.replaceAll('?', '*'), { locale: zh ? 'zh_CN' : 'en', use24HourTimeFormat: true, dayOfWeekStartIndexZero: true, throwExceptionOnParseError: true });
    if (!zh) return words.replace(/^At (\d\d:\d\d(?::\d\d)?)$/, 'Every day at $1');
    return words.replaceAll(', ', '，').replace(/^\s+/, '').replace(/^在(\d\d:\d\d(?::\d\d)?)$/, '每天 $1').replace(/^在(?=\d)/, '');
  } catch {
    return undefined;
  }
}
