import type { JobDefinitionBody, JobResource } from '../../src-core/http/contract.ts';

/** What is defined of a job, without what the scheduler knows of it. */
export function definitionOf(job: JobResource): JobDefinitionBody {
  const { id: _id, version: _version, createdAt: _created, updatedAt: _updated, nextFireAt: _next, scheduleWords: _words, running: _running, queued: _queued, lastRun: _last, ...definition } = job;
  return definition;
}
