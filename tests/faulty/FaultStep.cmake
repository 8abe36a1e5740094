# Runs at build time: writes the faulty copy of one file, or fails loudly when the original has changed so that the
# fault no longer fits.
file(READ "${INPUT}" text)

function(replace before after)
  string(FIND "${text}" "${before}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "tests/faulty: ${INPUT} has no text \"${before}\": the fault must be planted anew")
  endif()
  string(REPLACE "${before}" "${after}" text "${text}")
  set(text "${text}" PARENT_SCOPE)
endfunction()

if(FAULT STREQUAL "overlap")
  replace("if (states[seats[i]] or FREE) ~= FREE or seats[i]" "if seats[i]")
elseif(FAULT STREQUAL "grudging")
  replace("if (states[seats[i]] or FREE) ~= FREE or seats[i]" "if true or seats[i]")
elseif(FAULT STREQUAL "unlooked")
  replace("if states[hold.seats[i]] ~= PAYING then" "if false then")
elseif(FAULT STREQUAL "unfenced")
  replace("if not is_paid_as(hold, order) or hold.fence ~= fence then" "if false then")
elseif(FAULT STREQUAL "unkeyed")
  replace("category TEXT NOT NULL,\n    PRIMARY KEY (event_id, seat)\n) STRICT, WITHOUT ROWID;"
          "category TEXT NOT NULL\n) STRICT;")
elseif(FAULT STREQUAL "hasty")
  replace("local silence_ms = beat_ms ~= 0 and" "local silence_ms = false and")
elseif(FAULT STREQUAL "early")
  # Everybody is told, then the disk takes its time.
  replace("static enum ledger_status write_items("
          "#include <unistd.h>\nstatic void settle_item(struct batch *batch, const struct stream_entry *from,
                        const struct item *item, struct outcomes *outcomes);\nstatic enum ledger_status write_items(")
  replace("    if (status == LEDGER_OK)\n        status = ledger_commit(batch->store);"
          "    struct outcomes early = {0};\n    for (size_t i = 0; i < count && status == LEDGER_OK; i++)\n        if (entries[i].body != NULL)
            settle_item(batch, &entries[i], &items[i], &early);\n    outcomes_tell(&early, batch->redis);
    outcomes_release(&early);\n    (void)redis_pipe_flush(batch->redis);
    (void)usleep(50000);\n    if (status == LEDGER_OK)\n        status = ledger_commit(batch->store);")
elseif(FAULT STREQUAL "unwritten")
  # The first batch with an order is told and taken from the stream, but never written.
  replace("    if (status == LEDGER_OK)\n        status = ledger_commit(batch->store);"
          "    static bool has_lost;
    bool has_order = false;
    for (size_t i = 0; i < count; i++)
        has_order = has_order || (entries[i].body != NULL && items[i].entry.kind == OUTBOX_ORDER);
    if (status == LEDGER_OK && has_order && !has_lost) {
        has_lost = true;
        return ledger_rollback(batch->store);
    }
    if (status == LEDGER_OK)\n        status = ledger_commit(batch->store);")
elseif(FAULT STREQUAL "greedy")
  # A card that is declined is charged all the same.
  replace("        move(provider, intent, STATUS_REQUIRES_PAYMENT_METHOD, now_ms, 1);"
          "        move(provider, intent, STATUS_REQUIRES_PAYMENT_METHOD, now_ms, 1);
    struct intent charged = *intent;
    charged.seq = 0;
    charged.status = STATUS_SUCCEEDED;
    token_random(charged.id + 3, INTENT_ID_CHARS - 3);
    if (status == SANDBOX_STORE_OK)
        status = store_put_intent(provider->store, &charged);")
elseif(FAULT STREQUAL "unordered")
  replace("number(cfg[1]), number(cfg[2])" "number(cfg[1]), number(cfg[2]) * 2")
  replace("'ZRANGE', WAITING, 0, count - 1, 'WITHSCORES'" "'ZRANGE', WAITING, 0, count - 1, 'REV', 'WITHSCORES'")
  replace("'ZREMRANGEBYRANK', WAITING, 0, count - 1" "'ZREMRANGEBYRANK', WAITING, -count, -1")
elseif(FAULT STREQUAL "forgetful")
  replace("elseif waiting_seqs[i] then" "elseif false then")
  replace("'ZADD', WAITING, 'NX'," "'ZADD', WAITING,")
else()
  message(FATAL_ERROR "tests/faulty: there is no fault ${FAULT}")
endif()
file(WRITE "${OUTPUT}" "${text}")
