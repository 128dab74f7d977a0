"""What PostgreSQL 14 to 18 say of their parameters: type, unit, range, choices, and when a change counts.

Read from `pg_settings` of 14.20, 15.15, 16.11, 17.7 and 18.1, a Linux build that lacks some options of others; the
parameters of extensions, which have a point in their names, are by their sources. A name, `=`, when a change counts
(`p` at a start, `h` at a reload, `u` and `s` in sessions, `b` in new sessions, `i` never, as no file may set it), the
type (bool, integer, real, string, enum), and unit and range or the choices (`~` is a blank, M the largest integer, D
the largest real); behind `@` the majors that have it so, where not all of them do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

MAJORS = range(14, 19)

_ALIASES = {
    "sort_mem": ("work_mem", 14),
    "vacuum_mem": ("maintenance_work_mem", 14),
    "force_parallel_mode": ("debug_parallel_query", 16),
    "ssl_ecdh_curve": ("ssl_groups", 18),
}
"""Old names, and since when they are another word for a newer one."""
_NUMBERS = {"M": 2147483647.0, "D": 1.7976931348623157e308}


@dataclass(frozen=True)
class Setting:
    name: str
    context: str
    """p, h, u, s, b or i."""
    kind: str
    """b, i, r, s or e."""
    unit: str = ""
    """Of a bare number: B, kB, 8kB, MB, ms, s, min, or none."""
    least: float = 0.0
    most: float = 0.0
    choices: tuple[str, ...] = ()

    @property
    def at_start(self) -> bool:
        """PostgreSQL reads it when it starts, and never again."""
        return self.context == "p"


@cache
def settings_of(major: int) -> dict[str, Setting]:
    """All that a major has, extensions that are known here too, by name in small letters."""
    found = dict(_one_setting(one) for one in (_SETTINGS + _EXTENSIONS).split() if _is_of(one, major))
    old = {name: found[new] for name, (new, since) in _ALIASES.items() if major >= since and name not in found}
    return {**found, **old}


def majors_with(name: str) -> list[int]:
    return [major for major in MAJORS if name.lower() in settings_of(major)]


def is_known_extension(name: str) -> bool:
    """Whether the prefix of a parameter is an extension all of whose parameters are known here."""
    prefix = f"{name.partition('.')[0].lower()}."
    return any(key.startswith(prefix) for key in settings_of(MAJORS[-1]))


def _is_of(text: str, major: int) -> bool:
    span = text.partition("@")[2]
    first, _, last = span.partition("-")
    return not span or int(first) <= major <= int(last)


def _one_setting(text: str) -> tuple[str, Setting]:
    name, _, code = text.partition("@")[0].partition("=")
    head, *rest = code.split(":")
    made = Setting(name, head[0], head[1])
    if made.kind == "e" and rest:
        made = Setting(name, head[0], "e", choices=tuple(rest[0].replace("~", " ").split("|")))
    elif rest:
        unit, least, most = rest
        made = Setting(name, head[0], head[1], unit, float(least), _NUMBERS.get(most) or float(most))
    return name, made


_SETTINGS = """
allow_alter_system=hb@17-18 allow_in_place_tablespaces=sb allow_system_table_mods=sb application_name=us
archive_cleanup_command=hs archive_command=hs archive_library=hs@15-18 archive_mode=pe:always|on|off
archive_timeout=hi:s:0:1073741823 array_nulls=ub authentication_timeout=hi:s:1:600 autovacuum=hb
autovacuum_analyze_scale_factor=hr::0:100 autovacuum_analyze_threshold=hi::0:M
autovacuum_freeze_max_age=pi::100000:2000000000 autovacuum_max_workers=pi::1:262143@14-17
autovacuum_max_workers=hi::1:262143@18-18 autovacuum_multixact_freeze_max_age=pi::10000:2000000000
autovacuum_naptime=hi:s:1:2147483 autovacuum_vacuum_cost_delay=hr:ms:-1:100 autovacuum_vacuum_cost_limit=hi::-1:10000
autovacuum_vacuum_insert_scale_factor=hr::0:100 autovacuum_vacuum_insert_threshold=hi::-1:M
autovacuum_vacuum_max_threshold=hi::-1:M@18-18 autovacuum_vacuum_scale_factor=hr::0:100
autovacuum_vacuum_threshold=hi::0:M autovacuum_work_mem=hi:kB:-1:M autovacuum_worker_slots=pi::1:262143@18-18
backend_flush_after=ui:8kB:0:256 backslash_quote=ue:safe_encoding|on|off backtrace_functions=ss
bgwriter_delay=hi:ms:10:10000 bgwriter_flush_after=hi:8kB:0:256 bgwriter_lru_maxpages=hi::0:1073741823
bgwriter_lru_multiplier=hr::0:10 block_size=ii bonjour=pb bonjour_name=ps bytea_output=ue:escape|hex
check_function_bodies=ub checkpoint_completion_target=hr::0:1 checkpoint_flush_after=hi:8kB:0:256
checkpoint_timeout=hi:s:30:86400 checkpoint_warning=hi:s:0:M client_connection_check_interval=ui:ms:0:M
client_encoding=us client_min_messages=ue:debug5|debug4|debug3|debug2|debug1|log|notice|warning|error cluster_name=ps
commit_delay=si::0:100000 commit_siblings=ui::0:1000 commit_timestamp_buffers=pi:8kB:0:131072@17-18
compute_query_id=se:auto|regress|on|off config_file=is constraint_exclusion=ue:partition|on|off
cpu_index_tuple_cost=ur::0:D cpu_operator_cost=ur::0:D cpu_tuple_cost=ur::0:D createrole_self_grant=us@16-18
cursor_tuple_fraction=ur::0:1 data_checksums=ib data_directory=ps data_directory_mode=ii data_sync_retry=pb
datestyle=us db_user_namespace=hb@14-16 deadlock_timeout=si:ms:1:M debug_assertions=ib debug_discard_caches=si::0:0
debug_io_direct=ps@16-18 debug_logical_replication_streaming=ue:buffered|immediate@16-18
debug_parallel_query=ue:off|on|regress@16-18 debug_pretty_print=ub debug_print_parse=ub debug_print_plan=ub
debug_print_rewritten=ub default_statistics_target=ui::1:10000 default_table_access_method=us default_tablespace=us
default_text_search_config=us default_toast_compression=ue:pglz default_transaction_deferrable=ub
default_transaction_isolation=ue:serializable|repeatable~read|read~committed|read~uncommitted
default_transaction_read_only=ub dynamic_library_path=ss dynamic_shared_memory_type=pe:posix|sysv|mmap
effective_cache_size=ui:8kB:1:M effective_io_concurrency=ui::0:1000 enable_async_append=ub enable_bitmapscan=ub
enable_distinct_reordering=ub@18-18 enable_gathermerge=ub enable_group_by_reordering=ub@17-18 enable_hashagg=ub
enable_hashjoin=ub enable_incremental_sort=ub enable_indexonlyscan=ub enable_indexscan=ub enable_material=ub
enable_memoize=ub enable_mergejoin=ub enable_nestloop=ub enable_parallel_append=ub enable_parallel_hash=ub
enable_partition_pruning=ub enable_partitionwise_aggregate=ub enable_partitionwise_join=ub
enable_presorted_aggregate=ub@16-18 enable_self_join_elimination=ub@18-18 enable_seqscan=ub enable_sort=ub
enable_tidscan=ub escape_string_warning=ub event_source=ps event_triggers=sb@17-18 exit_on_error=ub
extension_control_path=ss@18-18 external_pid_file=ps extra_float_digits=ui::-15:3 file_copy_method=ue:copy|clone@18-18
force_parallel_mode=ue:off|on|regress@14-15 from_collapse_limit=ui::1:M fsync=hb full_page_writes=hb geqo=ub
geqo_effort=ui::1:10 geqo_generations=ui::0:M geqo_pool_size=ui::0:M geqo_seed=ur::0:1 geqo_selection_bias=ur::1.5:2
geqo_threshold=ui::2:M gin_fuzzy_search_limit=ui::0:M gin_pending_list_limit=ui:kB:64:M gss_accept_delegation=hb@16-18
hash_mem_multiplier=ur::1:1000 hba_file=ps hot_standby=pb hot_standby_feedback=hb huge_page_size=pi:kB:0:M
huge_pages=pe:off|on|try huge_pages_status=ie@17-18
icu_validation_level=ue:disabled|debug5|debug4|debug3|debug2|debug1|log|notice|warning|error@16-18 ident_file=ps
idle_in_transaction_session_timeout=ui:ms:0:M idle_replication_slot_timeout=hi:s:0:M@18-18
idle_session_timeout=ui:ms:0:M ignore_checksum_failure=sb ignore_invalid_pages=pb ignore_system_indexes=bb
in_hot_standby=ib integer_datetimes=ib intervalstyle=ue:postgres|postgres_verbose|sql_standard|iso_8601
io_combine_limit=ui:8kB:1:32@17-17 io_combine_limit=ui:8kB:1:128@18-18 io_max_combine_limit=pi:8kB:1:128@18-18
io_max_concurrency=pi::-1:1024@18-18 io_method=pe:sync|worker@18-18 io_workers=hi::1:32@18-18 jit=ub
jit_above_cost=ur::-1:D jit_debugging_support=bb jit_dump_bitcode=sb jit_expressions=ub jit_inline_above_cost=ur::-1:D
jit_optimize_above_cost=ur::-1:D jit_profiling_support=bb jit_provider=ps jit_tuple_deforming=ub
join_collapse_limit=ui::1:M krb_caseins_users=hb krb_server_keyfile=hs lc_collate=is@14-15 lc_ctype=is@14-15
lc_messages=ss lc_monetary=us lc_numeric=us lc_time=us listen_addresses=ps lo_compat_privileges=sb
local_preload_libraries=us lock_timeout=ui:ms:0:M log_autovacuum_min_duration=hi:ms:-1:M log_checkpoints=hb
log_connections=bb@14-17 log_connections=bs@18-18 log_destination=hs log_directory=hs log_disconnections=bb
log_duration=sb log_error_verbosity=se:terse|default|verbose log_executor_stats=sb log_file_mode=hi::0:511
log_filename=hs log_hostname=hb log_line_prefix=hs log_lock_failures=sb@18-18 log_lock_waits=sb
log_min_duration_sample=si:ms:-1:M log_min_duration_statement=si:ms:-1:M
log_min_error_statement=se:debug5|debug4|debug3|debug2|debug1|info|notice|warning|error|log|fatal|panic
log_min_messages=se:debug5|debug4|debug3|debug2|debug1|info|notice|warning|error|log|fatal|panic
log_parameter_max_length=si:B:-1:1073741823 log_parameter_max_length_on_error=ui:B:-1:1073741823 log_parser_stats=sb
log_planner_stats=sb log_recovery_conflict_waits=hb log_replication_commands=sb log_rotation_age=hi:min:0:35791394
log_rotation_size=hi:kB:0:2097151@14-17 log_rotation_size=hi:kB:0:M@18-18 log_startup_progress_interval=hi:ms:0:M@15-18
log_statement=se:none|ddl|mod|all log_statement_sample_rate=sr::0:1 log_statement_stats=sb log_temp_files=si:kB:-1:M
log_timezone=hs log_transaction_sample_rate=sr::0:1 log_truncate_on_rotation=hb logging_collector=pb
logical_decoding_work_mem=ui:kB:64:M maintenance_io_concurrency=ui::0:1000 maintenance_work_mem=ui:kB:1024:M@14-16
maintenance_work_mem=ui:kB:64:M@17-18 max_active_replication_origins=pi::0:262143@18-18 max_connections=pi::1:262143
max_files_per_process=pi::64:M max_function_args=ii max_identifier_length=ii max_index_keys=ii
max_locks_per_transaction=pi::10:M max_logical_replication_workers=pi::0:262143 max_notify_queue_pages=pi::64:M@17-18
max_parallel_apply_workers_per_subscription=hi::0:1024@16-18 max_parallel_maintenance_workers=ui::0:1024
max_parallel_workers=ui::0:1024 max_parallel_workers_per_gather=ui::0:1024 max_pred_locks_per_page=hi::0:M
max_pred_locks_per_relation=hi::-2147483648:M max_pred_locks_per_transaction=pi::10:M
max_prepared_transactions=pi::0:262143 max_replication_slots=pi::0:262143 max_slot_wal_keep_size=hi:MB:-1:M
max_stack_depth=si:kB:100:M max_standby_archive_delay=hi:ms:-1:M max_standby_streaming_delay=hi:ms:-1:M
max_sync_workers_per_subscription=hi::0:262143 max_wal_senders=pi::0:262143 max_wal_size=hi:MB:2:M
max_worker_processes=pi::0:262143 md5_password_warnings=ub@18-18 min_dynamic_shared_memory=pi:MB:0:M
min_parallel_index_scan_size=ui:8kB:0:715827882 min_parallel_table_scan_size=ui:8kB:0:715827882 min_wal_size=hi:MB:2:M
multixact_member_buffers=pi:8kB:16:131072@17-18 multixact_offset_buffers=pi:8kB:16:131072@17-18
notify_buffers=pi:8kB:16:131072@17-18 num_os_semaphores=ii@18-18 oauth_validator_libraries=hs@18-18
old_snapshot_threshold=pi:min:-1:86400@14-16 parallel_leader_participation=ub parallel_setup_cost=ur::0:D
parallel_tuple_cost=ur::0:D password_encryption=ue:md5|scram-sha-256
plan_cache_mode=ue:auto|force_generic_plan|force_custom_plan port=pi::1:65535 post_auth_delay=bi:s:0:2147
pre_auth_delay=hi:s:0:60 primary_conninfo=hs primary_slot_name=hs promote_trigger_file=hs@14-15
quote_all_identifiers=ub random_page_cost=ur::0:D recovery_end_command=hs recovery_init_sync_method=he:fsync|syncfs
recovery_min_apply_delay=hi:ms:0:M recovery_prefetch=he:off|on|try@15-18 recovery_target=ps
recovery_target_action=pe:pause|promote|shutdown recovery_target_inclusive=pb recovery_target_lsn=ps
recovery_target_name=ps recovery_target_time=ps recovery_target_timeline=ps recovery_target_xid=ps
recursive_worktable_factor=ur::0.001:1e+06@15-18 remove_temp_files_after_crash=hb
reserved_connections=pi::0:262143@16-18 restart_after_crash=hb restore_command=hs restrict_nonsystem_relation_kind=us
row_security=ub scram_iterations=ui::1:M@16-18 search_path=us segment_size=ii send_abort_for_crash=hb@16-18
send_abort_for_kill=hb@16-18 seq_page_cost=ur::0:D serializable_buffers=pi:8kB:16:131072@17-18 server_encoding=is
server_version=is server_version_num=ii session_preload_libraries=ss session_replication_role=se:origin|replica|local
shared_buffers=pi:8kB:16:1073741823 shared_memory_size=ii@15-18 shared_memory_size_in_huge_pages=ii@15-18
shared_memory_type=pe:sysv|mmap shared_preload_libraries=ps ssl=hb ssl_ca_file=hs ssl_cert_file=hs ssl_ciphers=hs
ssl_crl_dir=hs ssl_crl_file=hs ssl_dh_params_file=hs ssl_ecdh_curve=hs@14-17 ssl_groups=hs@18-18 ssl_key_file=hs
ssl_library=is ssl_max_protocol_version=he:|TLSv1|TLSv1.1|TLSv1.2|TLSv1.3
ssl_min_protocol_version=he:TLSv1|TLSv1.1|TLSv1.2|TLSv1.3 ssl_passphrase_command=hs
ssl_passphrase_command_supports_reload=hb ssl_prefer_server_ciphers=hb ssl_tls13_ciphers=hs@18-18
standard_conforming_strings=ub statement_timeout=ui:ms:0:M stats_fetch_consistency=ue:none|cache|snapshot@15-18
stats_temp_directory=hs@14-14 subtransaction_buffers=pi:8kB:0:131072@17-18 summarize_wal=hb@17-18
superuser_reserved_connections=pi::0:262143 sync_replication_slots=hb@17-18 synchronize_seqscans=ub
synchronized_standby_slots=hs@17-18 synchronous_commit=ue:local|remote_write|remote_apply|on|off
synchronous_standby_names=hs syslog_facility=he:local0|local1|local2|local3|local4|local5|local6|local7 syslog_ident=hs
syslog_sequence_numbers=hb syslog_split_messages=hb tcp_keepalives_count=ui::0:M tcp_keepalives_idle=ui:s:0:M
tcp_keepalives_interval=ui:s:0:M tcp_user_timeout=ui:ms:0:M temp_buffers=ui:8kB:100:1073741823
temp_file_limit=si:kB:-1:M temp_tablespaces=us timezone=us timezone_abbreviations=us
trace_connection_negotiation=pb@17-18 trace_notify=ub
trace_recovery_messages=he:debug5|debug4|debug3|debug2|debug1|log|notice|warning|error@14-16 trace_sort=ub
track_activities=sb track_activity_query_size=pi:B:100:1048576 track_commit_timestamp=pb
track_cost_delay_timing=sb@18-18 track_counts=sb track_functions=se:none|pl|all track_io_timing=sb
track_wal_io_timing=sb transaction_buffers=pi:8kB:0:131072@17-18 transaction_deferrable=ib transaction_isolation=ie
transaction_read_only=ib transaction_timeout=ui:ms:0:M@17-18 transform_null_equals=ub unix_socket_directories=ps
unix_socket_group=ps unix_socket_permissions=pi::0:511 update_process_title=sb
vacuum_buffer_usage_limit=ui:kB:0:16777216@16-18 vacuum_cost_delay=ur:ms:0:100 vacuum_cost_limit=ui::1:10000
vacuum_cost_page_dirty=ui::0:10000 vacuum_cost_page_hit=ui::0:10000 vacuum_cost_page_miss=ui::0:10000
vacuum_defer_cleanup_age=hi::0:1000000@14-15 vacuum_failsafe_age=ui::0:2100000000
vacuum_freeze_min_age=ui::0:1000000000 vacuum_freeze_table_age=ui::0:2000000000
vacuum_max_eager_freeze_failure_rate=ur::0:1@18-18 vacuum_multixact_failsafe_age=ui::0:2100000000
vacuum_multixact_freeze_min_age=ui::0:1000000000 vacuum_multixact_freeze_table_age=ui::0:2000000000
vacuum_truncate=ub@18-18 wal_block_size=ii wal_buffers=pi:8kB:-1:262143 wal_compression=sb@14-14
wal_compression=se:pglz|on|off@15-18 wal_consistency_checking=ss wal_decode_buffer_size=pi:B:65536:1073741823@15-18
wal_init_zero=sb wal_keep_size=hi:MB:0:M wal_level=pe:minimal|replica|logical wal_log_hints=pb
wal_receiver_create_temp_slot=hb wal_receiver_status_interval=hi:s:0:2147483 wal_receiver_timeout=hi:ms:0:M
wal_recycle=sb wal_retrieve_retry_interval=hi:ms:1:M wal_segment_size=ii wal_sender_timeout=ui:ms:0:M
wal_skip_threshold=ui:kB:0:M wal_summary_keep_time=hi:min:0:35791394@17-18
wal_sync_method=he:fsync|fdatasync|open_sync|open_datasync wal_writer_delay=hi:ms:1:10000
wal_writer_flush_after=hi:8kB:0:M work_mem=ui:kB:64:M xmlbinary=ue:base64|hex xmloption=ue:content|document
zero_damaged_pages=sb
"""
_EXTENSIONS = """
auto_explain.log_analyze=sb auto_explain.log_buffers=sb auto_explain.log_format=se:text|xml|json|yaml
auto_explain.log_level=se:debug5|debug4|debug3|debug2|debug1|info|notice|warning|log
auto_explain.log_min_duration=si:ms:-1:M auto_explain.log_nested_statements=sb
auto_explain.log_parameter_max_length=si:B:-1:M@16-18 auto_explain.log_settings=sb auto_explain.log_timing=sb
auto_explain.log_triggers=sb auto_explain.log_verbose=sb auto_explain.log_wal=sb auto_explain.sample_rate=sr::0:1
pg_stat_statements.max=pi::100:1073741823 pg_stat_statements.save=hb pg_stat_statements.track=se:none|top|all
pg_stat_statements.track_planning=sb pg_stat_statements.track_utility=sb pgaudit.log=ss pgaudit.log_catalog=sb
pgaudit.log_client=sb pgaudit.log_level=se:debug5|debug4|debug3|debug2|debug1|info|notice|warning|log
pgaudit.log_parameter=sb pgaudit.log_parameter_max_size=si::0:M pgaudit.log_relation=sb pgaudit.log_rows=sb
pgaudit.log_statement=sb pgaudit.log_statement_once=sb pgaudit.role=ss plpgsql.check_asserts=ub
plpgsql.extra_errors=us plpgsql.extra_warnings=us plpgsql.print_strict_params=sb
plpgsql.variable_conflict=se:error|use_variable|use_column
"""
