#!lua
-- Checks everything that could speak against a relaunch and, if nothing does, reserves it.
-- KEYS  reservation, card, consent, window, then the purchases of each subject known to the sender
-- ARGV  relaunch id, trigger time, channel/purpose, window in ms, now, milliseconds to keep a reservation,
--       '|'-enclosed statuses that stop
-- Gives {'settled', result}, {'taken'}, {'purchased', event id}, {'no_consent', event id or nothing},
--       {'pressure', relaunch id} or {'reserved'}.
local RESERVATION, CARD, CONSENT, WINDOW = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local RELAUNCH_ID, TRIGGER_AT, PURPOSE = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local ONCE_PER_MS, NOW, KEPT_MS = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local STOPPING = ARGV[7]

local function parts(entry)
  local at, word, event_id = string.match(entry, '^(%d+) (%S+) (.*)$')
  return tonumber(at), word, event_id
end

local taken = redis.call('HMGET', RESERVATION, 'window', 'result')
if taken[2] then return {'settled', taken[2]} end
if taken[1] then return {'taken'} end

-- What the card holds are keys. They could not be declared, being known here only; on one primary that is allowed.
local purchases = {unpack(KEYS, 5)}
for _, key in ipairs(redis.call('HVALS', CARD)) do
  purchases[#purchases + 1] = key
end
local first_at, first_id
for _, key in ipairs(purchases) do
  for _, entry in ipairs(redis.call('HVALS', key)) do
    local at, status, event_id = parts(entry)
    local stops = at >= TRIGGER_AT and string.find(STOPPING, '|' .. status .. '|', 1, true)
    if stops and (not first_at or at < first_at or (at == first_at and event_id < first_id)) then
      first_at, first_id = at, event_id
    end
  end
end
if first_at then return {'purchased', first_id} end

local consent = redis.call('HGET', CONSENT, PURPOSE)
if not consent then return {'no_consent'} end
local _, state, consent_id = parts(consent)
if state ~= 'granted' then return {'no_consent', consent_id} end

local since = string.format('(%d', NOW - ONCE_PER_MS)
local other = redis.call('ZREVRANGEBYSCORE', WINDOW, '+inf', since, 'LIMIT', 0, 1)[1]
if other then return {'pressure', other} end

redis.call('ZREMRANGEBYSCORE', WINDOW, '-inf', NOW - KEPT_MS)
redis.call('ZADD', WINDOW, NOW, RELAUNCH_ID)
redis.call('PEXPIRE', WINDOW, KEPT_MS)
redis.call('HSET', RESERVATION, 'window', WINDOW)
redis.call('PEXPIRE', RESERVATION, KEPT_MS)
return {'reserved'}
