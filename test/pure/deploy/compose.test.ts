import { describe, expect, test } from 'vitest';
import { VERSION, composeFiles, problemsOf, readDeploy, type Document } from '../../support/deploy.ts';

const FILES = composeFiles();

test('there is one for each way to run it', () => {
  expect(FILES.map(({ name }) => name).toSorted()).toEqual(['alone', 'cluster', 'nats', 'nats-mysql']);
});

describe.each(FILES)('the compose file $name', ({ name, content }) => {
  const services = Object.entries(content.services as Record<string, Document>);
  const ours = services.filter(([, service]) => service.image.startsWith('natsjob:'));

  test('gives natsjob settings that it takes', () => {
    expect(ours.length).toBeGreaterThan(0);
    for (const [, service] of ours) expect(problemsOf(service.environment)).toEqual([]);
  });

  test('is explained', () => {
    expect(readDeploy('..', 'docs', 'containers.md').includes(`\`${name}.yaml\``)).toBe(true);
  });

  test('uses images that cannot change', () => {
    for (const [, { image, build }] of services) {
      if (build === undefined) expect(image).toMatch(/^[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
      else expect([image, build]).toEqual([`natsjob:${VERSION}`, { context: '../..', dockerfile: 'deploy/Dockerfile' }]);
    }
  });

  test('gives no service more rights than it needs', () => {
    for (const [, service] of services) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], restart: 'unless-stopped' });
      expect(service.privileged ?? service.cap_add ?? service.network_mode).toBeUndefined();
      expect(Object.keys(service.deploy.resources.limits)).toEqual(['cpus', 'memory', 'pids']);
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    }
  });

  test('knows when each service is well, and waits for what is needed', () => {
    for (const [, service] of services) {
      // natsjob's own check is in the image.
      if (!service.image.startsWith('natsjob:')) expect(service.healthcheck.test[0]).toMatch(/^CMD/);
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {}) as [string, Document][]) {
        expect(content.services).toHaveProperty(other);
        expect(condition).toBe('service_healthy');
      }
    }
    // serve gives itself 20 s.
    for (const [, service] of ours) expect(service.stop_grace_period).toBe('30s');
  });

  test('keeps secrets in files and state in volumes', () => {
    for (const [, service] of services) {
      for (const [variable, value] of Object.entries(service.environment as Record<string, string>)) {
        expect(`${variable}=${value}`).not.toMatch(/^\w*(PWD|PASSWORD|SECRET_KEY|_URL)=(?!yes$)./);
        if (variable.endsWith('_FILE')) expect(secretsOf(service)).toContain(value.replace('/run/secrets/', ''));
      }
      expect(Object.keys(content.secrets)).toEqual(expect.arrayContaining(secretsOf(service)));
    }
    for (const [, service] of ours) expect(service.volumes.map((volume: string) => volume.split(':')[1])).toEqual(['/app/data', '/app/conf', '/app/logs']);
  });
});

function secretsOf(service: Document): string[] {
  return (service.secrets ?? []).map((secret: string | { source: string }) => (typeof secret === 'string' ? secret : secret.source));
}

test('the cluster is several nodes with names of their own, one database and a log in three copies', () => {
  const services = FILES.find(({ name }) => name === 'cluster')?.content.services as Record<string, Document>;
  const nodes = Object.values(services).filter(({ image }) => image.startsWith('natsjob:')).map(({ environment }) => environment);
  expect(nodes.length).toBeGreaterThanOrEqual(2);
  expect(new Set(nodes.map((each) => each.NATSJOB_NODE_ID)).size).toBe(nodes.length);
  for (const each of nodes) expect(each).toMatchObject({ NATSJOB_DB_TYPE: 'postgres', NATSJOB_DB_URL_FILE: '/run/secrets/db-url', NATSJOB_NATS_REPLICAS: '3', NATSJOB_SECRET_KEY_FILE: '/run/secrets/secret-key' });
});
