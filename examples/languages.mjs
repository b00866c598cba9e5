// What the examples are and how each is set up and run. `install` is for an empty folder, where somebody then puts the
// one file that was copied from the panel; versions come from the manifests beside the examples.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const EXAMPLES = fileURLToPath(new URL('.', import.meta.url));

/** No manifest of an example names it. */
const NATS_CLI = 'v0.4.0';

/**
 * Every example, in the order the panel shows them: `id` is its folder, `file` the program in it. `install` and `run`
 * are lines for a shell; the last command of `run` is the worker itself. `tools` are the commands they need; `installs` is
 * the one of them that `install` brings.
 */
export function languages() {
  const go = found('go/go.mod', /github\.com\/nats-io\/nats\.go v\S+/).replace(' ', '@');
  const jnats = found('java/pom.xml', /(?<=<artifactId>jnats<\/artifactId>\s*<version>)[^<]+/);
  const csharp = found('csharp/natsjob-worker.csproj', /(?<="NATS\.Net" Version=")[^"]+/);
  const crates = ['async-nats', 'futures-util', 'serde_json'].map((name) => `${name}@${crate(name)}`).join(' ');
  return [
    {
      id: 'go', label: 'Go', file: 'worker.go', tools: ['go'],
      install: `go mod init worker && go get ${go}`,
      run: 'go build -o worker && ./worker',
    },
    {
      id: 'java', label: 'Java', file: 'Worker.java', tools: ['java', 'mvn'],
      install: `mvn dependency:copy -Dartifact=io.nats:jnats:${jnats} -DoutputDirectory=lib`,
      run: "java -cp 'lib/*' Worker.java",
    },
    {
      id: 'python', label: 'Python', file: 'worker.py', tools: ['python3'],
      install: `python3 -m venv .venv && .venv/bin/pip install ${manifest('python/requirements.txt').trim()}`,
      run: '.venv/bin/python worker.py',
    },
    { id: 'node', label: 'Node.js', file: 'worker.mjs', tools: ['node', 'npm'], install: npmInstall('node'), run: 'node worker.mjs' },
    { id: 'typescript', label: 'TypeScript', file: 'worker.mts', tools: ['node', 'npm'], install: npmInstall('typescript'), run: 'node worker.mts' },
    {
      id: 'rust', label: 'Rust', file: 'src/main.rs', tools: ['cargo'],
      install: `cargo init --vcs none --name worker && cargo add ${crates} && cargo add tokio@${crate('tokio')} --features full`,
      run: 'cargo run',
    },
    {
      id: 'csharp', label: 'C#', file: 'Program.cs', tools: ['dotnet'],
      install: `dotnet new console --name worker --output . && dotnet add package NATS.Net --version ${csharp}`,
      run: 'dotnet run',
    },
    {
      id: 'cli', label: 'nats CLI', file: 'worker.sh', tools: ['bash', 'nats'], installs: 'nats',
      install: `go install github.com/nats-io/natscli/nats@${NATS_CLI}`,
      run: 'bash worker.sh',
    },
  ];
}

function npmInstall(id) {
  const { dependencies } = JSON.parse(manifest(`${id}/package.json`));
  return `npm init -y && npm install ${Object.entries(dependencies).map(([name, version]) => `${name}@${version}`).join(' ')}`;
}

function crate(name) {
  return found('rust/Cargo.toml', new RegExp(`(?<=^${name} = .*")=[\\d.]+`, 'm'));
}

/** What the pattern finds in the manifest; throws when it finds nothing. */
function found(file, pattern) {
  const [text] = pattern.exec(manifest(file)) ?? [];
  if (!text) throw new Error(`examples/${file} has nothing like ${pattern}`);
  return text;
}

function manifest(file) {
  return readFileSync(path.join(EXAMPLES, file), 'utf8');
}
