//! Settings of the HTTP side. The binary reads them; nothing here looks at files or the environment.

use std::time::Duration;

use crate::forms::PublicForm;

/// Settings of the HTTP side.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// Where browsers find the desk, without a path: `https://desk.example.ru`. Forms sent from elsewhere are refused.
    pub public_url: String,
    /// Whether cookies are for HTTPS only. Off only where the desk is served over plain HTTP on this machine.
    pub secure_cookies: bool,
    /// Hours a sign-in lasts.
    pub session_hours: u32,
    /// Longest body of a request in bytes.
    pub body_bytes_max: usize,
    /// Longest body of a batch of posts in bytes.
    pub posts_body_bytes_max: usize,
    /// Longest time a request may take until its reply begins.
    pub request_timeout: Duration,
    /// Requests worked on at once; more of them wait.
    pub concurrent_requests_max: usize,
    /// Open streams of changes at once; more of them are refused.
    pub streams_max: usize,
    /// Longest life of a stream of changes: its reader connects again and is checked again.
    pub stream_life: Duration,
    /// Failed sign-ins per quarter of an hour for one login, before it has to wait.
    pub login_failures_max: u32,
    /// The same for one address of the network, behind which a whole body may sit.
    pub address_failures_max: u32,
    /// Whether the last entry of `X-Forwarded-For` names the client: only behind a proxy that sets it.
    pub behind_proxy: bool,
    /// Whether Open311 may be read without a token.
    pub open311_public: bool,
    /// Whether webhooks may be sent to this machine: for tests and demonstrations.
    pub webhooks_to_loopback: bool,
    /// Forms for residents.
    pub forms: Vec<PublicForm>,
    /// Posts per quarter of an hour that one address of the network may send through forms. Behind one address of a mobile
    /// network sit many people.
    pub form_posts_max: u32,
}

impl WebConfig {
    /// A form for residents, by its name.
    pub(crate) fn form(&self, name: &str) -> Option<&PublicForm> {
        self.forms.iter().find(|form| form.name == name)
    }

    /// The form a path belongs to.
    pub(crate) fn form_at(&self, path: &str) -> Option<&PublicForm> {
        self.form(path.strip_prefix("/form/")?)
    }
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            secure_cookies: false,
            session_hours: 12,
            body_bytes_max: 1 << 20,
            posts_body_bytes_max: 16 << 20,
            request_timeout: Duration::from_secs(30),
            concurrent_requests_max: 256,
            streams_max: 256,
            stream_life: Duration::from_secs(15 * 60),
            login_failures_max: 5,
            address_failures_max: 50,
            behind_proxy: false,
            open311_public: false,
            webhooks_to_loopback: false,
            forms: Vec::new(),
            form_posts_max: 20,
        }
    }
}
