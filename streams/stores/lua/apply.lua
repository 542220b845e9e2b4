#!lua
-- Writes facts and moves the watermark of one partition, provided that it is where the reader believes.
-- KEYS  watermarks, then one key for each fact
-- ARGV  partition, expected watermark ('' for none), next offset, most orders, milliseconds to keep purchases,
--       '|'-enclosed statuses that stop, then for each fact: what it is, and two arguments
-- Gives {'applied'} or {'refused', watermark or ''}.
local PARTITION, EXPECTED, NEXT = ARGV[1], ARGV[2], ARGV[3]
local MOST_ORDERS, KEPT_MS, STOPPING = tonumber(ARGV[4]), ARGV[5], ARGV[6]

local watermark = redis.call('HGET', KEYS[1], PARTITION) or ''
if watermark ~= EXPECTED then return {'refused', watermark} end

local function parts(entry)
  local at, word = string.match(entry, '^(%d+) (%S+)')
  return tonumber(at), word
end

local function newest_wins(key, field, entry)
  local known = redis.call('HGET', key, field)
  if known then
    local known_at, known_word = parts(known)
    local at = parts(entry)
    if at < known_at or (at == known_at and known_word == 'withdrawn') then return end
  end
  redis.call('HSET', key, field, entry)
end

-- What stops nothing goes first, so that no flood of failed payments can hide a purchase.
local function trim(key)
  if redis.call('HLEN', key) <= MOST_ORDERS then return end
  local orders, victim = redis.call('HGETALL', key), nil
  for i = 1, #orders, 2 do
    local at, status = parts(orders[i + 1])
    local stops = string.find(STOPPING, '|' .. status .. '|', 1, true) and 1 or 0
    if not victim or stops < victim.stops or (stops == victim.stops and at < victim.at) then
      victim = {stops = stops, at = at, id = orders[i]}
    end
  end
  redis.call('HDEL', key, victim.id)
end

local write = {}

function write.purchase(key, order_id, entry)
  newest_wins(key, order_id, entry)
  trim(key)
  redis.call('PEXPIRE', key, KEPT_MS)
end

write.consent = newest_wins

function write.contact(key, mail, phone)
  redis.call('DEL', key)
  if mail ~= '' then redis.call('HSET', key, 'mail', mail) end
  if phone ~= '' then redis.call('HSET', key, 'phone', phone) end
end

function write.erased(key)
  redis.call('DEL', key)
end

for i = 2, #KEYS do
  local at = 7 + (i - 2) * 3
  write[ARGV[at]](KEYS[i], ARGV[at + 1], ARGV[at + 2])
end
redis.call('HSET', KEYS[1], PARTITION, NEXT)
return {'applied'}
