import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { VERSION, manifests, problemsOf, readDeploy, type Document } from '../../support/deploy.ts';

const ALL = manifests();
const SETS = ofKind('StatefulSet');
const SECRET = ofKind('Secret')[0];
const KUSTOMIZATION = parse(readDeploy('kubernetes', 'kustomization.yaml')) as Document;

describe('the manifests for Kubernetes', () => {
  test('are two stateful sets, NATS of one pod and natsjob of two, with a volume each', () => {
    expect(SETS.map(({ metadata, spec }) => [metadata.name, spec.replicas]).toSorted()).toEqual([['nats', 1], ['natsjob', 2]]);
    for (const { spec } of SETS) expect(spec.volumeClaimTemplates[0].spec.accessModes).toEqual(['ReadWriteOnce']);
  });

  test('give natsjob settings that it takes', () => {
    const { env } = containerOf('natsjob');
    const settings = ofKind('ConfigMap').find(({ metadata }) => metadata.name === 'natsjob-settings')?.data;
    const all = { ...settings, ...Object.fromEntries(env.map(({ name, value }: Document) => [name, value])) };
    expect(Object.keys(all).filter((name) => name.startsWith('NATSJOB_'))).toHaveLength(Object.keys(all).length);
    expect(problemsOf(all)).toEqual([]);
  });

  test('give each pod of natsjob a name of its own, and all the same key', () => {
    const { env } = containerOf('natsjob');
    expect(env).toContainEqual({ name: 'NATSJOB_NODE_ID', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } });
    expect(env).toContainEqual({ name: 'NATSJOB_SECRET_KEY_FILE', value: '/run/secrets/natsjob/secret-key' });
  });

  test('would pass as restricted pods', () => {
    expect(ofKind('Namespace')[0].metadata.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    for (const { spec } of SETS) {
      const pod = spec.template.spec;
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod.securityContext.runAsUser).toBeGreaterThan(10_000);
      expect(pod.automountServiceAccountToken).toBe(false);
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
        expect(container.resources).toMatchObject({ requests: { cpu: expect.any(String), memory: expect.any(String) }, limits: { memory: expect.any(String) } });
      }
    }
  });

  test('ask natsjob the right questions, and give it the time it may take to end', () => {
    const container = containerOf('natsjob');
    expect(['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => container[probe].httpGet.path)).toEqual(['/healthz', '/healthz', '/readyz']);
    expect(SETS.find(({ metadata }) => metadata.name === 'natsjob')?.spec.template.spec.terminationGracePeriodSeconds).toBe(30);
  });

  test.each(SETS.map((set) => ({ name: set.metadata.name as string, set })))('$name: everything about it finds it', ({ name, set }) => {
    const labels = set.spec.template.metadata.labels;
    expect(set.spec.selector.matchLabels).toEqual(labels);
    expect(byName('Service', set.spec.serviceName).spec.selector).toEqual(labels);
    expect(byName('PodDisruptionBudget', name).spec.selector.matchLabels).toEqual(labels);
    expect(byName('PodDisruptionBudget', name).spec.maxUnavailable).toBe(1);
    expect(byName('NetworkPolicy', name).spec.podSelector.matchLabels).toEqual(labels);
    expect(byName('NetworkPolicy', name).spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(byName('ServiceAccount', set.spec.template.spec.serviceAccountName).automountServiceAccountToken).toBe(false);
  });

  test('take their secret from somebody who made it, with the keys of the example', () => {
    expect(KUSTOMIZATION.resources).not.toContain('secret.example.yaml');
    const text = JSON.stringify(SETS.map(({ spec }) => spec.template.spec.volumes));
    const used = [...text.matchAll(/"key":"([^"]+)"/g)].map(([, key]) => key as string);
    expect(used.toSorted()).toEqual(Object.keys(SECRET.stringData).toSorted());
    expect(text.match(/natsjob-secrets/g)).toHaveLength(2);
  });

  test('use images that cannot change', () => {
    expect(containerOf('nats').image).toMatch(/^nats:[\w.-]+@sha256:[0-9a-f]{64}$/);
    expect(KUSTOMIZATION.images).toEqual([{ name: containerOf('natsjob').image, newTag: VERSION }]);
  });
});

function ofKind(kind: string): Document[] {
  return ALL.filter((document) => document.kind === kind);
}

function byName(kind: string, name: string): Document {
  const found = ofKind(kind).find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

function containerOf(name: string): Document {
  return byName('StatefulSet', name).spec.template.spec.containers[0];
}
