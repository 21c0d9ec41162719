//! A PostgreSQL server of a test's own: in a temporary folder, on a socket in it, with a password.

use std::{
    fs,
    io::Write,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// The user of the database and what it says to get in.
pub(crate) const USER: &str = "otklik";
pub(crate) const PASSWORD: &str = "пароль для проверки";
/// The server does not run as root; then it runs as this user, or as the one after it.
const USERS: [&str; 2] = ["postgres", "nobody"];
/// A killed server may still be dying when it is started again.
const STARTS_MAX: u32 = 20;

/// A server while it runs.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    binaries: PathBuf,
    /// User and group to run as, when this is root.
    run_as: Option<(u32, u32)>,
    databases: AtomicU32,
}

impl Server {
    /// Starts a server, or says that the suite is skipped when there is none on this machine.
    pub(crate) fn start(suite: &str) -> Option<Self> {
        let Some(binaries) = binaries() else {
            // Past the test harness, which keeps what passing tests print to itself.
            let mut stdout = std::io::stdout();
            writeln!(stdout, "SKIPPED: {suite}: no PostgreSQL server is installed (Debian package postgresql)")
                .unwrap();
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let is_root = folder.path().metadata().unwrap().uid() == 0;
        let run_as = is_root.then(|| USERS.iter().find_map(|user| id(user)).unwrap());
        if let Some((user, group)) = run_as {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let server = Self { folder, binaries, run_as, databases: AtomicU32::new(0) };
        server.make();
        server.run_again();
        Some(server)
    }

    fn make(&self) {
        let password = self.folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        let mut initdb = self.command("initdb");
        initdb.args(["--auth=scram-sha-256", "--locale=C.UTF-8", "--encoding=UTF8", "--no-sync", "--username", USER]);
        initdb.arg("--pwfile").arg(password).arg("--pgdata").arg(self.data());
        run(initdb);
        let settings = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 60\nlog_min_messages = fatal\n",
            self.folder.path().display()
        );
        let file = self.data().join("postgresql.conf");
        let all = fs::read_to_string(&file).unwrap() + &settings;
        fs::write(&file, all).unwrap();
    }

    /// Starts it again, on what it had written.
    pub(crate) fn run_again(&self) {
        let begun = (0..STARTS_MAX).any(|_| {
            let mut start = self.command("pg_ctl");
            start.args(["start", "--wait", "--timeout=60", "--silent", "--log"]);
            start.arg(self.folder.path().join("log")).arg("--pgdata").arg(self.data());
            start.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
        });
        let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(begun, "PostgreSQL does not start: {}", log());
    }

    /// Kills every process of it at once.
    pub(crate) fn kill(&self) {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let main = file.lines().next().unwrap();
        let children = fs::read_to_string(format!("/proc/{main}/task/{main}/children")).unwrap();
        let mut kill = Command::new("kill");
        kill.args(["-9", main]).args(children.split_whitespace());
        kill.stderr(Stdio::null()).status().unwrap();
    }

    /// Makes an empty database; gives its address.
    pub(crate) fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut create = self.command("createdb");
        create.env("PGPASSWORD", PASSWORD).args(["--username", USER, "--host"]).arg(self.folder.path()).arg(&name);
        run(create);
        self.address(&name)
    }

    /// The address of a database by name.
    pub(crate) fn address(&self, name: &str) -> String {
        format!("postgresql:///{name}?user={USER}&host={}", self.folder.path().display())
    }

    /// What a statement answers in a database, as `psql` prints it without any ornament.
    pub(crate) fn ask(&self, address: &str, sql: &str) -> String {
        let mut psql = self.command("psql");
        psql.env("PGPASSWORD", PASSWORD).args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--command",
            sql,
            address,
        ]);
        run(psql).trim().to_owned()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some((user, group)) = self.run_as {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"]).arg(self.data());
        stop.stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
    }
}

fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{error}");
    out.into_owned()
}

/// Where the programs of the newest server are: Debian keeps each version in a folder of its own.
fn binaries() -> Option<PathBuf> {
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let newest = versions.filter(|path| path.join("bin/initdb").is_file()).max_by_key(|path| number(path))?;
    Some(newest.join("bin"))
}

/// User and group of a user's name.
fn id(user: &str) -> Option<(u32, u32)> {
    let number = |which: &str| {
        let output = Command::new("id").args([which, user]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some((number("-u")?, number("-g")?))
}
