//! The system calls of a box, as data: every group with its reason. What no group names is unknown and gets `ENOSYS`.

use std::collections::BTreeMap;

use denybox_core::plan::Calls;
use denybox_core::resource::IpcKind;
use libc::c_long;

use super::answer::{Answer, Test};
use super::bpf::Verdict;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("denybox knows the system calls of x86_64 only");

/// Every flag that makes a namespace, clone(2) and unshare(2).
const NAMESPACE_FLAGS: u32 = (libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP) as u32;
/// `CLONE_NEWTIME`: in unshare(2) alone; in clone(2) the same bit belongs to the exit signal.
const NEW_TIME: u32 = 0x80;
/// `TIOCSTI`: puts characters into a terminal's input, ioctl_tty(2).
const TIOCSTI: u32 = 0x5412;
/// `TIOCLINUX`: the same and more on a virtual console, ioctl_console(2).
const TIOCLINUX: u32 = 0x541C;
/// `personality(0xffffffff)` asks without changing.
const PERSONALITY_QUERY: u32 = 0xFFFF_FFFF;
/// `ADDR_NO_RANDOMIZE`: what debuggers set on their children.
const ADDR_NO_RANDOMIZE: u32 = 0x0004_0000;

// Numbers that libc doesn't name yet, from the kernel's table for x86_64.
const IO_PGETEVENTS: c_long = 333;
const CACHESTAT: c_long = 451;
const MAP_SHADOW_STACK: c_long = 453;
const FUTEX_WAKE: c_long = 454;
const FUTEX_WAIT: c_long = 455;
const FUTEX_REQUEUE: c_long = 456;
const STATMOUNT: c_long = 457;
const LISTMOUNT: c_long = 458;

/// Calls that are always allowed, and why.
#[rustfmt::skip]
const ALLOWED: &[(&str, &[c_long])] = &[
    (
        "reading and writing what is open",
        &[
            libc::SYS_read, libc::SYS_write, libc::SYS_readv, libc::SYS_writev, libc::SYS_pread64,
            libc::SYS_pwrite64, libc::SYS_preadv, libc::SYS_pwritev, libc::SYS_preadv2, libc::SYS_pwritev2,
            libc::SYS_lseek, libc::SYS_sendfile, libc::SYS_splice, libc::SYS_tee, libc::SYS_vmsplice,
            libc::SYS_copy_file_range, libc::SYS_fsync, libc::SYS_fdatasync, libc::SYS_sync,
            libc::SYS_syncfs, libc::SYS_sync_file_range, libc::SYS_readahead, libc::SYS_fadvise64,
            libc::SYS_fallocate, libc::SYS_ftruncate, libc::SYS_flock, libc::SYS_fcntl, libc::SYS_close,
            libc::SYS_close_range, libc::SYS_dup, libc::SYS_dup2, libc::SYS_dup3, libc::SYS_pipe,
            libc::SYS_pipe2, CACHESTAT,
        ],
    ),
    (
        "files by name: the mounts and Landlock say which",
        &[
            libc::SYS_stat, libc::SYS_fstat, libc::SYS_lstat, libc::SYS_newfstatat, libc::SYS_statx,
            libc::SYS_statfs, libc::SYS_fstatfs, libc::SYS_readlink, libc::SYS_readlinkat,
            libc::SYS_getdents, libc::SYS_getdents64, libc::SYS_chdir, libc::SYS_fchdir, libc::SYS_getcwd,
            libc::SYS_chown,
            libc::SYS_fchown, libc::SYS_lchown, libc::SYS_fchownat, libc::SYS_umask, libc::SYS_utime,
            libc::SYS_utimes, libc::SYS_utimensat, libc::SYS_futimesat, libc::SYS_getxattr,
            libc::SYS_lgetxattr, libc::SYS_fgetxattr, libc::SYS_setxattr, libc::SYS_lsetxattr,
            libc::SYS_fsetxattr, libc::SYS_listxattr, libc::SYS_llistxattr, libc::SYS_flistxattr,
            libc::SYS_removexattr, libc::SYS_lremovexattr, libc::SYS_fremovexattr, libc::SYS_inotify_init,
            libc::SYS_inotify_init1, libc::SYS_inotify_add_watch, libc::SYS_inotify_rm_watch, STATMOUNT,
            LISTMOUNT,
        ],
    ),
    (
        "waiting for events",
        &[
            libc::SYS_poll, libc::SYS_ppoll, libc::SYS_select, libc::SYS_pselect6, libc::SYS_epoll_create,
            libc::SYS_epoll_create1, libc::SYS_epoll_ctl, libc::SYS_epoll_wait, libc::SYS_epoll_pwait,
            libc::SYS_epoll_pwait2, libc::SYS_eventfd, libc::SYS_eventfd2, libc::SYS_signalfd,
            libc::SYS_signalfd4, libc::SYS_timerfd_create, libc::SYS_timerfd_settime,
            libc::SYS_timerfd_gettime, libc::SYS_io_setup, libc::SYS_io_destroy, libc::SYS_io_submit,
            libc::SYS_io_cancel, libc::SYS_io_getevents, IO_PGETEVENTS,
        ],
    ),
    (
        "memory of its own",
        &[
            libc::SYS_mmap, libc::SYS_munmap, libc::SYS_mprotect, libc::SYS_mremap, libc::SYS_madvise,
            libc::SYS_process_madvise, libc::SYS_msync, libc::SYS_mincore, libc::SYS_mlock,
            libc::SYS_mlock2, libc::SYS_munlock, libc::SYS_mlockall, libc::SYS_munlockall, libc::SYS_brk,
            libc::SYS_mbind, libc::SYS_get_mempolicy, libc::SYS_set_mempolicy,
            libc::SYS_set_mempolicy_home_node, libc::SYS_migrate_pages, libc::SYS_move_pages,
            libc::SYS_pkey_alloc, libc::SYS_pkey_free, libc::SYS_pkey_mprotect, libc::SYS_membarrier,
            libc::SYS_remap_file_pages, libc::SYS_mseal, MAP_SHADOW_STACK, libc::SYS_process_mrelease,
        ],
    ),
    (
        "processes and threads of its own",
        &[
            libc::SYS_fork, libc::SYS_vfork, libc::SYS_execve, libc::SYS_exit, libc::SYS_exit_group,
            libc::SYS_wait4, libc::SYS_waitid, libc::SYS_kill, libc::SYS_tkill, libc::SYS_tgkill,
            libc::SYS_getpid, libc::SYS_getppid, libc::SYS_gettid, libc::SYS_getpgid, libc::SYS_setpgid,
            libc::SYS_getpgrp, libc::SYS_getsid, libc::SYS_setsid, libc::SYS_pidfd_open,
            libc::SYS_pidfd_send_signal, libc::SYS_pidfd_getfd, libc::SYS_set_tid_address,
            libc::SYS_set_robust_list, libc::SYS_get_robust_list, libc::SYS_rseq, libc::SYS_futex,
            libc::SYS_futex_waitv, FUTEX_WAKE, FUTEX_WAIT, FUTEX_REQUEUE, libc::SYS_sched_yield,
            libc::SYS_sched_getaffinity, libc::SYS_sched_setaffinity, libc::SYS_sched_getparam,
            libc::SYS_sched_setparam, libc::SYS_sched_getscheduler, libc::SYS_sched_setscheduler,
            libc::SYS_sched_getattr, libc::SYS_sched_setattr, libc::SYS_sched_get_priority_max,
            libc::SYS_sched_get_priority_min, libc::SYS_sched_rr_get_interval, libc::SYS_getpriority,
            libc::SYS_setpriority, libc::SYS_ioprio_get, libc::SYS_ioprio_set, libc::SYS_getrlimit,
            libc::SYS_setrlimit, libc::SYS_prlimit64, libc::SYS_getrusage, libc::SYS_times,
            libc::SYS_prctl, libc::SYS_arch_prctl, libc::SYS_restart_syscall, libc::SYS_pause,
            libc::SYS_getcpu, libc::SYS_modify_ldt, libc::SYS_set_thread_area, libc::SYS_get_thread_area,
        ],
    ),
    (
        "debuggers and further filters on its own processes: another's are out of reach by namespace",
        &[
            libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_kcmp,
            libc::SYS_seccomp, libc::SYS_landlock_create_ruleset, libc::SYS_landlock_add_rule,
            libc::SYS_landlock_restrict_self,
        ],
    ),
    (
        "signals",
        &[
            libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn,
            libc::SYS_rt_sigpending, libc::SYS_rt_sigtimedwait, libc::SYS_rt_sigqueueinfo,
            libc::SYS_rt_tgsigqueueinfo, libc::SYS_rt_sigsuspend, libc::SYS_sigaltstack,
        ],
    ),
    (
        "clocks and timers; setting one needs a capability, and there is none",
        &[
            libc::SYS_gettimeofday, libc::SYS_time, libc::SYS_clock_gettime, libc::SYS_clock_getres,
            libc::SYS_clock_nanosleep, libc::SYS_nanosleep, libc::SYS_alarm, libc::SYS_getitimer,
            libc::SYS_setitimer, libc::SYS_timer_create, libc::SYS_timer_settime, libc::SYS_timer_gettime,
            libc::SYS_timer_getoverrun, libc::SYS_timer_delete, libc::SYS_adjtimex,
            libc::SYS_clock_adjtime,
        ],
    ),
    (
        "who it is; changing it needs a capability, and there is none",
        &[
            libc::SYS_getuid, libc::SYS_geteuid, libc::SYS_getgid, libc::SYS_getegid, libc::SYS_getresuid,
            libc::SYS_getresgid, libc::SYS_getgroups, libc::SYS_setuid, libc::SYS_setgid,
            libc::SYS_setreuid, libc::SYS_setregid, libc::SYS_setresuid, libc::SYS_setresgid,
            libc::SYS_setfsuid, libc::SYS_setfsgid, libc::SYS_setgroups, libc::SYS_capget,
            libc::SYS_capset, libc::SYS_uname, libc::SYS_sysinfo, libc::SYS_getrandom,
        ],
    ),
    (
        "sockets: socket(2) itself looks at the family, and the network namespace at the rest",
        &[
            libc::SYS_bind, libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4, libc::SYS_connect,
            libc::SYS_getsockname, libc::SYS_getpeername, libc::SYS_getsockopt, libc::SYS_setsockopt,
            libc::SYS_sendto, libc::SYS_sendmsg, libc::SYS_sendmmsg, libc::SYS_recvfrom, libc::SYS_recvmsg,
            libc::SYS_recvmmsg, libc::SYS_shutdown,
        ],
    ),
    (
        "message queues that are open already; opening one is another matter",
        &[libc::SYS_mq_timedsend, libc::SYS_mq_timedreceive, libc::SYS_mq_notify, libc::SYS_mq_getsetattr],
    ),
];

/// Calls that name files and write: allowed, and looked at where no tripwire sees them. With each the argument that holds
/// flags and the flags that count, or none where the call always writes.
const WRITING: &[(c_long, Option<Test>)] = &[
    (libc::SYS_open, Some(Test::Any(1, OPENS_FOR_WRITING))),
    (libc::SYS_openat, Some(Test::Any(2, OPENS_FOR_WRITING))),
    (libc::SYS_access, Some(Test::Any(1, libc::W_OK as u32))),
    (libc::SYS_faccessat, Some(Test::Any(2, libc::W_OK as u32))),
    (libc::SYS_faccessat2, Some(Test::Any(2, libc::W_OK as u32))),
    (libc::SYS_creat, None),
    (libc::SYS_mkdir, None),
    (libc::SYS_mkdirat, None),
    (libc::SYS_mknod, None),
    (libc::SYS_mknodat, None),
    (libc::SYS_symlink, None),
    (libc::SYS_symlinkat, None),
    (libc::SYS_link, None),
    (libc::SYS_linkat, None),
    (libc::SYS_rename, None),
    (libc::SYS_renameat, None),
    (libc::SYS_renameat2, None),
    (libc::SYS_unlink, None),
    (libc::SYS_unlinkat, None),
    (libc::SYS_rmdir, None),
    (libc::SYS_truncate, None),
];
const OPENS_FOR_WRITING: u32 = (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT) as u32;

/// Calls that give a file its mode, and the argument that holds it. Bits of [`LENDS_RIGHTS`] are refused: through a
/// set-user-ID program in the workspace the box would lend its owner's rights to everybody on the host.
const MODES: &[(c_long, &[Test])] = &[
    (libc::SYS_chmod, &[Test::Any(1, LENDS_RIGHTS)]),
    (libc::SYS_fchmod, &[Test::Any(1, LENDS_RIGHTS)]),
    (libc::SYS_fchmodat, &[Test::Any(2, LENDS_RIGHTS)]),
    (libc::SYS_fchmodat2, &[Test::Any(2, LENDS_RIGHTS)]),
    (libc::SYS_creat, &[Test::Any(1, LENDS_RIGHTS)]),
    (libc::SYS_mknod, &[Test::Any(1, LENDS_RIGHTS)]),
    (libc::SYS_mknodat, &[Test::Any(2, LENDS_RIGHTS)]),
    // Without these flags the kernel ignores the mode, and the register holds anything.
    (libc::SYS_open, &[Test::Any(1, CREATES), Test::Any(2, LENDS_RIGHTS)]),
    (libc::SYS_openat, &[Test::Any(2, CREATES), Test::Any(3, LENDS_RIGHTS)]),
];
/// Set-user-ID and set-group-ID, inode(7).
const LENDS_RIGHTS: u32 = libc::S_ISUID | libc::S_ISGID;
/// What makes open(2) look at its mode: `O_CREAT`, and `O_TMPFILE` without the `O_DIRECTORY` that is part of it.
const CREATES: u32 = (libc::O_CREAT | (libc::O_TMPFILE & !libc::O_DIRECTORY)) as u32;

/// Calls of the mount family and their kin: refused, and reported.
const MOUNT_FAMILY: &[c_long] = &[
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_setns,
    libc::SYS_chroot,
];
/// open_tree_attr, Linux 6.15.
const OPEN_TREE_ATTR: c_long = 467;

/// Calls that are refused outright, and why.
#[rustfmt::skip]
const REFUSED: &[(&str, &[c_long])] = &[
    (
        "doors into the kernel that bypass filters or serve exploits",
        &[libc::SYS_userfaultfd, libc::SYS_bpf, libc::SYS_perf_event_open, libc::SYS_memfd_secret],
    ),
    (
        "keys are shared by user, not by box, keyrings(7)",
        &[libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key],
    ),
    (
        "the machine, not the box",
        &[
            libc::SYS_reboot, libc::SYS_kexec_load, libc::SYS_kexec_file_load, libc::SYS_init_module,
            libc::SYS_finit_module, libc::SYS_delete_module, libc::SYS_swapon, libc::SYS_swapoff,
            libc::SYS_acct, libc::SYS_quotactl, libc::SYS_quotactl_fd, libc::SYS_syslog,
            libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_iopl, libc::SYS_ioperm,
            libc::SYS_sethostname, libc::SYS_setdomainname, libc::SYS_vhangup, libc::SYS_nfsservctl,
        ],
    ),
    (
        "files by handle or of the whole system, around every path",
        &[
            libc::SYS_open_by_handle_at, libc::SYS_name_to_handle_at, libc::SYS_fanotify_init,
            libc::SYS_fanotify_mark,
        ],
    ),
];

/// Everything that decides how calls are answered.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What was granted.
    pub calls: &'a Calls,
    /// Refused calls of interest are reported before they fail.
    pub notify: bool,
    /// Calls that write files are reported before they go on.
    pub observe_writes: bool,
}

impl Rules<'_> {
    /// The answer to every known call.
    pub fn answers(&self) -> BTreeMap<u32, Answer> {
        let refused = Verdict::Errno(libc::EPERM);
        let reported = if self.notify { Verdict::Notify } else { refused };
        let mut answers = BTreeMap::new();
        let mut say = |call: c_long, answer: Answer| answers.insert(call as u32, answer);

        for call in ALLOWED.iter().flat_map(|(_, calls)| *calls) {
            say(*call, Answer::always(Verdict::Allow));
        }
        // openat2 isn't among them: its flags and mode are in memory, where no filter can read them, and programs that
        // know it do without on older kernels.
        for (call, writes) in WRITING {
            let lends = MODES.iter().find(|(other, _)| other == call);
            let answer = match (self.observe_writes, writes) {
                (true, None) => Answer::always(Verdict::Notify),
                _ => Answer::always(Verdict::Allow),
            };
            let answer = lends.iter().fold(answer, |answer, (_, when)| answer.but(when, refused));
            say(
                *call,
                match (self.observe_writes, writes) {
                    (true, Some(test)) => answer.but(&[*test], Verdict::Notify),
                    _ => answer,
                },
            );
        }
        for (call, when) in MODES.iter().filter(|(call, _)| WRITING.iter().all(|(other, _)| other != call)) {
            say(*call, Answer::always(Verdict::Allow).but(when, refused));
        }
        for call in MOUNT_FAMILY {
            say(*call, Answer::always(reported));
        }
        for call in REFUSED.iter().flat_map(|(_, calls)| *calls) {
            say(*call, Answer::always(refused));
        }
        conditional(&mut say, refused, reported);
        self.interprocess(&mut say, refused, reported);
        answers
    }

    /// Inter-process communication that others could share, and anonymous executables.
    fn interprocess(
        &self,
        say: &mut impl FnMut(c_long, Answer) -> Option<Answer>,
        refused: Verdict,
        reported: Verdict,
    ) {
        let kinds: [(IpcKind, &[c_long], &[c_long]); 4] = [
            (IpcKind::SysvShm, &[libc::SYS_shmget], &[libc::SYS_shmat, libc::SYS_shmdt, libc::SYS_shmctl]),
            (
                IpcKind::SysvSem,
                &[libc::SYS_semget],
                &[libc::SYS_semop, libc::SYS_semtimedop, libc::SYS_semctl],
            ),
            (IpcKind::SysvMsg, &[libc::SYS_msgget], &[libc::SYS_msgsnd, libc::SYS_msgrcv, libc::SYS_msgctl]),
            (IpcKind::PosixMq, &[libc::SYS_mq_open], &[libc::SYS_mq_unlink]),
        ];
        for (kind, opening, others) in kinds {
            let granted = self.calls.grants(kind);
            for call in opening {
                say(*call, Answer::always(if granted { Verdict::Allow } else { reported }));
            }
            for call in others {
                say(*call, Answer::always(if granted { Verdict::Allow } else { refused }));
            }
        }
        if self.calls.grants(IpcKind::MemfdExec) || crate::weaken::off(crate::controls::MEMFD_NOEXEC) {
            say(libc::SYS_memfd_create, Answer::always(Verdict::Allow));
            say(libc::SYS_execveat, Answer::always(Verdict::Allow));
        } else {
            // The supervisor makes the file, sealed against execution, and puts it into the caller.
            say(libc::SYS_memfd_create, Answer::always(if self.notify { Verdict::Notify } else { refused }));
            // fexecve(3) of a descriptor: seen, and left to the kernel, which refuses a sealed one.
            let seen = if self.notify { Verdict::Notify } else { Verdict::Allow };
            let empty_path = Test::Any(4, libc::AT_EMPTY_PATH as u32);
            say(libc::SYS_execveat, Answer::always(Verdict::Allow).but(&[empty_path], seen));
        }
    }
}

/// Calls whose arguments matter.
fn conditional(say: &mut impl FnMut(c_long, Answer) -> Option<Answer>, refused: Verdict, reported: Verdict) {
    let allow = || Answer::always(Verdict::Allow);
    say(libc::SYS_clone, allow().but(&[Test::Any(0, NAMESPACE_FLAGS)], reported));
    say(libc::SYS_unshare, allow().but(&[Test::Any(0, NAMESPACE_FLAGS | NEW_TIME)], reported));
    let one_of = |values: &[u32]| {
        values.iter().fold(Answer::always(refused), |answer, value| {
            answer.but(&[Test::Equal(0, *value)], Verdict::Allow)
        })
    };
    let families =
        [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK].map(|family| family as u32);
    say(libc::SYS_socket, one_of(&families));
    say(libc::SYS_socketpair, one_of(&[libc::AF_UNIX as u32]));
    say(
        libc::SYS_ioctl,
        allow().but(&[Test::Equal(1, TIOCSTI)], refused).but(&[Test::Equal(1, TIOCLINUX)], refused),
    );
    say(libc::SYS_personality, one_of(&[0, ADDR_NO_RANDOMIZE, PERSONALITY_QUERY]));
}
