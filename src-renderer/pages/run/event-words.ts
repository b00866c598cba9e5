import type { RunEventResource, RunSummary } from '../../../src-core/http/contract.ts';
import type { Messages } from '../../i18n/en.ts';

/** What the server says of an event, in the person's language as far as it is known what is said. */
export function eventWords({ kind, detail }: RunEventResource, t: Messages): string {
  const words = t.run.events;
  switch (kind) {
    case 'scheduled': {
      const [, trigger = '', attempt = '', attempts = ''] = /^(\S+), attempt (\d+) of (\d+)$/.exec(detail) ?? [];
      return trigger === '' ? detail : words.attempt(t.states.trigger[trigger as RunSummary['trigger']] ?? trigger, attempt, attempts);
    }
    case 'accepted':
      return '';
    case 'dispatched':
      return detail.startsWith('worker ') ? words.toWorker(detail.slice('worker '.length)) : detail;
    case 'next-step':
      return detail === 'second step sent' ? words.secondSent : detail === 'second step due' ? words.secondDue : detail;
    case 'sub-run':
      return subRunWords(detail, t);
    case 'bad-answer': {
      const [, count = '', last = ''] = /^(\d+) answers could not be understood; the last: (.*)$/s.exec(detail) ?? [];
      return count === '' ? detail : words.badAnswers(count, last);
    }
    case 'ended': {
      const [state = '', reason] = detail.split(/: (.*)/s);
      const said = t.states.run[state as RunSummary['state']] ?? state;
      return reason ? `${said}: ${reason}` : said;
    }
    case 'retry':
      return detail.startsWith('goes on as ') ? words.goesOn(detail.slice('goes on as '.length)) : detail;
    default:
      return detail;
  }
}

function subRunWords(detail: string, t: Messages): string {
  const [, kind = '', number = '', worker, rest = ''] = /^(target|flow|answer) (\d+)(?: by (\S+))?: (.*)$/s.exec(detail) ?? [];
  if (kind === '') return detail;
  const what = t.run.timeline[kind as 'target' | 'flow' | 'answer'](Number(number));
  const [, status = '', reason = ''] = /^(\S*)(.*)$/s.exec(rest) ?? [];
  return `${worker === undefined ? what : t.run.events.by(what, worker)}: ${t.states.answer[status] ?? status}${reason}`;
}
