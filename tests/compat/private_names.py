"""Private names that programs plausibly use for attributes and methods of their subclasses."""

from __future__ import annotations

# For emitters and stores, tried one by one.
OF_EMITTERS_AND_STORES = """
    _add_when_room _ask _batch_full_at _buffer _choose_lane _deadline _default_capacity _deliver
    _deliver_at_once _deliver_before_exit _deliver_now _delivery _events _finish _flush_here
    _flush_later _forget_bytes _full _hand_to_send_events _input_record _is_closing _is_open
    _is_out_of_time _is_retry_due_later _is_waiting _keep_dicts _lane _lock _log_undelivered
    _max_bytes _new_workers _note_batch_size _open _own_post _queued_and_in_flight _records
    _refusals _refuse_as_closed _send_batches _send_if_due _send_stored _send_when_woken _sender
    _sends_at_once _sends_utf8 _session _start_closed _start_empty _store _stored _takes_records
    _thread_count _timeout _transport _unanswered _wire_body _workers
""".split()  # noqa: SIM905 - legible

# For any class, tried all together.
NAMES = """
    _absences _access _account _active _adapter _add_dict _add_good _add_when_room _address
    _alive _api _app _aside _ask _attempt _attributes _auth _await_retry _awaiting_retry
    _backoff _bad _base _batch _batch_full_at _batch_size _begin _behind _block_timeout _body
    _bound _breaker _buffer _buffer_capacity _busy_seconds _byte_limit _bytes _cache _call_back
    _call_back_failure _callback _capacity _celery _cfg _changed _choose_lane _claim_timeout
    _client _clock _close _closed _codec _collector _conclude _config _connection _context
    _contexts _core _count _count_down _countdown _counts _current _cursor _custom
    _custom_retry_codes _data _data_version _db _deadline _debug _default _default_capacity
    _defaults _delay _deliver _deliver_at_once _deliver_before_exit _deliver_now _delivery
    _depth _dict _dispatcher _do _do_job _do_now _do_what_is_aside _done _drop_told _dropped
    _emitter _emitter_has_room _enabled _encode _encoder _ended _endpoint _engine _env _error
    _errors _event_ids _event_store _events _execute _executor _exit_timeout _extra _factory
    _failure _failures_before _fields _file _filter _finish _flag _flush _flush_here
    _flush_later _flush_threshold _follow _forget_bytes _format _full _future _get _get_each
    _given_out _good _hand_to_send_events _handle _handler _has_room _has_started_log
    _has_to_stop _has_turned_away _headers _held_back _hooks _host _http _id _identity
    _in_flight _index _info _init _input _input_record _insert _instance _instances _intake
    _interval _is_busy _is_closing _is_disk_full _is_due _is_new _is_open _is_out_of_time
    _is_patched _is_retry_due_later _is_too_large _is_waiting _items _job _journal _json
    _json_encoder _keep_dicts _keeper _key _keys _keys_of _kwargs _label _labels _lane _last
    _last_payload _leave _level _limit _limits _lines _list _listen _load _loaded _local _lock
    _log _log_undelivered _logger _look_at _look_for_dead_at _loop _make_server _map _max
    _max_bytes _max_retry_delay_seconds _max_rows _memory _message _metadata _method _metrics
    _mode _model _mutex _name _namespace _native _new_conn _new_workers _newest _next
    _not_before _note _note_batch_size _note_ends _nv_pairs _oldest _on_failure _on_success
    _open _open_at _options _origin _original _others _own_post _owner _pairs _parameters
    _params _parent _part _patched _path _pause _payload _pending _pid _place _platform _pool
    _pop_if_reachable _port _post _post_first _prefix _presence _probe _processed _properties
    _protocol _proxies _queue _queued_and_in_flight _ranges _raw _rdb _read _reader _reason
    _receive _records _redis _redis_errors _refresh _refusals _refuse_as_closed _registry
    _release_dead _rename _repeating _repetition _report _request _request_timeout _requester
    _requests _response _rest _result _results _retries _retry _retry_later _retrying _root
    _route _route_to _rows _run _run_and_flush _running _save _schedule _schema _schema_name
    _sealed _secret _select _send _send_batches _send_if_due _send_stored _send_when_woken
    _sender _sender_thread _sends_at_once _sends_utf8 _sent _sent_ms _serialize _server _service
    _session _set_aside _set_up _settings _settle _settle_all _settle_each _settled _settling
    _shared _shutdown _sink _size _slots _sock _stamp _start _start_closed _start_empty
    _start_log _state _stats _status _stop _stopped _storage _store _stored _stream _subject
    _synchronous _tags _take _take_probe _taken _takes_records _target _target_with _task _tasks
    _tell _temp _template _thread _thread_count _threads _time _timeout _timer _token _total
    _track _tracker _trackers _transaction _transport _turn _type _unanswered _unsettled _url
    _user _uuid _validate _value _values _verdict _verdict_of_get _verdict_of_post _version
    _wait_for_lock _waiting _wake _warn _when_full _wire_body _woken _workers _wrapped _write
    _writer
""".split()  # noqa: SIM905 - legible
