import { isFinal, type RunRecord } from '../domain/index.ts';

/**
 * The dispatch of a run whose end came first: everything from the dispatch, and from the stub what the end told.
 * Of texts and numbers both may carry, the stub's wins when it says something.
 */
export function fillStub(stub: RunRecord, dispatch: RunRecord): RunRecord {
  return {
    ...dispatch,
    state: isFinal(stub.state) ? stub.state : dispatch.state,
    step: Math.max(stub.step, dispatch.step),
    endedAt: stub.endedAt || dispatch.endedAt,
    workerId: stub.workerId || dispatch.workerId,
    status: stub.status || dispatch.status,
    reason: stub.reason || dispatch.reason,
    monitorStatus: stub.monitorStatus || dispatch.monitorStatus,
    monitorPayload: stub.monitorPayload || dispatch.monitorPayload,
    badAnswers: stub.badAnswers + dispatch.badAnswers,
    badAnswer: stub.badAnswer || dispatch.badAnswer,
    targetsEnded: Math.max(stub.targetsEnded, dispatch.targetsEnded),
    targetsWorst: Math.max(stub.targetsWorst, dispatch.targetsWorst),
    retryPending: stub.retryPending || dispatch.retryPending,
    retryId: stub.retryId || dispatch.retryId,
    stub: false,
  };
}
