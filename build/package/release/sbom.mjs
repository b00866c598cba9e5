// The bill of materials as CycloneDX 1.6 has it.
import { createHash } from 'node:crypto';
import { PrepareError } from '../../prepare.mjs';

/**
 * @param {{ version: string, at: Date, parts: readonly import('./parts.d.mts').Part[], files: readonly { name: string, sha256: string }[] }} release
 *   `files`: what people download
 * @returns {object} the same for the same release
 */
export function makeSbom({ version, at, parts, files }) {
  const self = `pkg:generic/natsjob@${version}`;
  const natsServer = parts.find(({ ref }) => ref.startsWith('pkg:golang/github.com/nats-io/nats-server/'))?.ref;
  const isInNatsServer = ({ ref, uses }) => ref !== natsServer && uses.includes('nats-server');
  const depends = (ref, on) => ({ ref, dependsOn: on.map((part) => part.ref) });
  const sbom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX', specVersion: '1.6', version: 1,
    metadata: {
      timestamp: at.toISOString(),
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application', 'bom-ref': self, name: 'natsjob', version, purl: self, licenses: [{ license: { id: 'Apache-2.0' } }],
        externalReferences: files.map(({ name, sha256 }) => ({ type: 'distribution', url: name, hashes: [{ alg: 'SHA-256', content: sha256 }] })),
      },
    },
    components: parts.map(component),
    dependencies: [
      depends(self, parts.filter((part) => !isInNatsServer(part) || part.uses.length > 1)),
      ...(natsServer === undefined ? [] : [depends(natsServer, parts.filter(isInNatsServer))]),
    ],
  };
  return { ...sbom, serialNumber: serialNumber(sbom) };
}

function component({ ref, name, version, licence, uses, isApplication, hash, goSum, holds = [] }) {
  const properties = [...uses.map((use) => ({ name: 'natsjob:used-by', value: use })), ...(goSum === undefined ? [] : [{ name: 'natsjob:go-sum', value: goSum }])];
  return {
    type: isApplication ? 'application' : 'library', 'bom-ref': ref, name, version, purl: ref,
    licenses: / (AND|OR) /.test(licence) ? [{ expression: licence }] : [{ license: { id: licence } }],
    ...(hash === undefined ? {} : { hashes: [hash] }),
    properties,
    ...(holds.length === 0 ? {} : { components: holds.map((held) => ({ type: 'library', 'bom-ref': `${ref}#${held.name}`, name: held.name, version: held.version, purl: `pkg:generic/${held.name}@${encodeURIComponent(held.version)}` })) }),
  };
}

/** A UUID that is made of the content: every other bill has another one. */
function serialNumber(sbom) {
  const hash = createHash('sha256').update(JSON.stringify(sbom)).digest('hex');
  return `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

/** Checks it by the official JSON schema. Throws PrepareError with the first violations. */
export async function validateSbom(sbom) {
  const { Spec, Validation } = await import('@cyclonedx/cyclonedx-library');
  const violations = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(JSON.stringify(sbom));
  if (violations !== null) throw new PrepareError(`the bill of materials breaks its schema: ${JSON.stringify(violations).slice(0, 2_000)}`);
}
