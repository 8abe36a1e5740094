# Runs at build time: writes the faulty copy of one resource, or fails loudly when the original has changed so that the
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

if(NAME STREQUAL "hold.lua")
  replace("if states[i] ~= FREE or tonumber(" "if tonumber(")
elseif(NAME STREQUAL "settle.lua")
  replace("if state ~= PAYING then" "if false then")
elseif(NAME STREQUAL "003_journal.sql")
  replace("category TEXT NOT NULL,\n    PRIMARY KEY (event_id, seat)\n) STRICT, WITHOUT ROWID;"
          "category TEXT NOT NULL\n) STRICT;")
else()
  message(FATAL_ERROR "tests/faulty: no fault is known for ${NAME}")
endif()
file(WRITE "${OUTPUT}" "${text}")
