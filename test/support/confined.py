# confined.py <unit> <program folder> <name=path …>: starts what the unit's ExecStart says, held in as the unit says, as far as
# that goes without systemd: mounts, account, capabilities, system calls and address families. Runs as root in a mount
# namespace of its own (unshare --mount), where the named paths of this machine stand in the program folder.
import errno, os, shlex, socket, subprocess, sys
import seccomp

UID = 61234  # an account that nobody has
unit, program, *parts = sys.argv[1:]


def directives(file):
    found = {}
    for line in open(file):
        key, is_setting, value = line.rstrip('\n').partition('=')
        if is_setting and not line.startswith('#'):
            found.setdefault(key, []).append(value)
    return found


def mount(*words):
    subprocess.run(['mount', *words], check=True)


def folder(path, mode=0o755, owner=0):
    os.makedirs(path, exist_ok=True)
    os.chown(path, owner, owner)
    os.chmod(path, mode)


def bind(path, options):
    mount('--bind', path, path)
    mount('-o', f'remount,bind,{options}', path)


def calls(group):
    listed = subprocess.run(['systemd-analyze', 'syscall-filter', group], check=True, capture_output=True, text=True).stdout
    names = [line.strip() for line in listed.splitlines()[1:] if line.strip() and not line.strip().startswith('#')]
    return set().union(*(calls(name) if name.startswith('@') else {name} for name in names))


def build_folders(said):
    """Everything that is made or hidden lies on file systems of this namespace; the machine's own are only read."""
    base = os.path.dirname(program)
    mount('-t', 'tmpfs', 'none', base)
    folder(program)
    for part in parts:
        name, _, source = part.partition('=')
        target = os.path.join(program, name)
        if os.path.isdir(source):
            folder(target)
        else:
            open(target, 'w').close()
        mount('--bind', source, target)
    conf = next(word.partition('=')[2] for word in command if word.startswith('--conf='))
    folder(conf, 0o750)
    os.chown(conf, 0, UID)
    for path in ['/var/lib', '/var/log']:
        mount('-t', 'tmpfs', 'none', path)
    for path in [f'/var/lib/{name}' for name in said['StateDirectory'][0].split()] + [f'/var/log/{said["LogsDirectory"][0]}']:
        folder(path, 0o700, UID)
    bind('/var/log', 'rw')
    for path in said['NoExecPaths']:
        bind(path, 'rw,noexec,nosuid,nodev')
    for path in said['ExecPaths']:
        bind(path, 'rw,exec,nosuid,nodev')
    if said['ProtectHome'] == ['yes']:
        for path in ['/home', '/root']:
            mount('-t', 'tmpfs', '-o', 'mode=000', 'none', path)
    if said['PrivateTmp'] == ['yes']:
        for path in ['/tmp', '/var/tmp']:
            mount('-t', 'tmpfs', '-o', 'mode=1777', 'none', path)
    if said['ProtectSystem'] == ['strict']:
        for path in ['/', base]:
            mount('-o', 'remount,bind,ro', path)


def filter_of(said):
    allowed, denied = set(), set()
    for line in said['SystemCallFilter']:
        for name in line.lstrip('~').split():
            (denied if line.startswith('~') else allowed).update(calls(name))
    held = seccomp.SyscallFilter(defaction=seccomp.ERRNO(getattr(errno, said['SystemCallErrorNumber'][0])))
    for name in (allowed | calls('@default')) - denied - {'socket'}:
        try:
            held.add_rule(seccomp.ALLOW, name)
        except RuntimeError:
            pass  # newer than the library
    for family in said['RestrictAddressFamilies'][0].split():
        held.add_rule(seccomp.ALLOW, 'socket', seccomp.Arg(0, seccomp.EQ, getattr(socket, family)))
    return held


said = directives(unit)
command = shlex.split(said['ExecStart'][0])
held = filter_of(said)
build_folders(said)
os.chdir(said['WorkingDirectory'][0])
os.umask(int(said['UMask'][0], 8))
assert said['CapabilityBoundingSet'] == [''] and said['NoNewPrivileges'] == ['yes']
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
import ctypes
libc = ctypes.CDLL(None)
for capability in range(int(open('/proc/sys/kernel/cap_last_cap').read()) + 1):
    libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
os.setgroups([])
os.setresgid(UID, UID, UID)
os.setresuid(UID, UID, UID)
libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
held.load()
os.environ['HOME'] = said['WorkingDirectory'][0]
os.execv(command[0], command)
