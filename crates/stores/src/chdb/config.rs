//! What the engine is told when it starts.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How much of the machine the engine may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChdbLimits {
    /// Memory of the engine in bytes, all queries and merges together. Its code and caches come on top, about 300 MB.
    pub memory_bytes_max: u64,
    /// Memory of one query in bytes.
    pub query_memory_bytes_max: u64,
    /// Threads of one query.
    pub threads_max: u16,
    /// Queries that run at the same time; the others wait.
    pub queries_max: u16,
}

impl Default for ChdbLimits {
    /// For a machine of two cores shared with the rest of the process.
    fn default() -> Self {
        Self { memory_bytes_max: 600_000_000, query_memory_bytes_max: 300_000_000, threads_max: 2, queries_max: 4 }
    }
}

/// Where the engine keeps its things, below the folder it was given.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The engine's own folder.
    pub(super) data: PathBuf,
    /// Its configuration, written anew at every start.
    pub(super) config: PathBuf,
}

impl Layout {
    /// Makes the folders and writes the configuration.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub(super) fn prepare(folder: &Path, limits: &ChdbLimits) -> io::Result<Self> {
        // Parts of the engine change into other folders or look for paths from the root.
        let folder = std::path::absolute(folder)?;
        let layout = Self { data: folder.join("data"), config: folder.join("config.xml") };
        fs::create_dir_all(&layout.data)?;
        fs::write(&layout.config, server_config(limits))?;
        Ok(layout)
    }

    /// Arguments of every connection. Names the engine knows as settings become those of the connection.
    pub(super) fn arguments(&self, limits: &ChdbLimits) -> Vec<String> {
        vec![
            "otklik".to_owned(),
            format!("--path={}", self.data.display()),
            format!("--config-file={}", self.config.display()),
            format!("--max_threads={}", limits.threads_max),
            format!("--max_memory_usage={}", limits.query_memory_bytes_max),
            "--max_insert_threads=1".to_owned(),
            "--async_insert=0".to_owned(),
        ]
    }
}

/// The engine's server settings: small caches and pools, since it shares its process. Without the `merge_tree` part
/// no mutation would ever run: by default they wait for more free threads than these pools have.
fn server_config(limits: &ChdbLimits) -> String {
    let settings: &[(&str, u64)] = &[
        ("max_server_memory_usage", limits.memory_bytes_max),
        ("mark_cache_size", 32 << 20),
        ("primary_index_cache_size", 32 << 20),
        ("index_mark_cache_size", 8 << 20),
        ("uncompressed_cache_size", 0),
        ("query_condition_cache_size", 8 << 20),
        ("compiled_expression_cache_size", 8 << 20),
        ("mmap_cache_size", 16),
        ("background_pool_size", 2),
        ("background_merges_mutations_concurrency_ratio", 2),
        ("background_common_pool_size", 2),
        ("background_move_pool_size", 1),
        ("background_fetches_pool_size", 1),
        ("background_schedule_pool_size", 2),
        ("background_buffer_flush_schedule_pool_size", 1),
        ("background_distributed_schedule_pool_size", 1),
        ("background_message_broker_schedule_pool_size", 1),
        ("max_thread_pool_size", 200),
        ("max_thread_pool_free_size", 8),
        ("max_io_thread_pool_size", 8),
        ("max_active_parts_loading_thread_pool_size", 4),
        ("max_outdated_parts_loading_thread_pool_size", 2),
        ("max_parts_cleaning_thread_pool_size", 2),
    ];
    let merge_tree: &[(&str, u64)] = &[
        ("number_of_free_entries_in_pool_to_execute_mutation", 1),
        ("number_of_free_entries_in_pool_to_lower_max_size_of_merge", 1),
        ("number_of_free_entries_in_pool_to_execute_optimize_entire_partition", 1),
    ];
    format!("<clickhouse>\n{}<merge_tree>\n{}</merge_tree>\n</clickhouse>\n", elements(settings), elements(merge_tree))
}

fn elements(settings: &[(&str, u64)]) -> String {
    settings.iter().map(|(name, value)| format!("<{name}>{value}</{name}>\n")).collect()
}
