#!lua
-- Gives a reservation back, with its place in the window. A settled one stays.
-- KEYS  reservation
-- ARGV  relaunch id
local taken = redis.call('HMGET', KEYS[1], 'window', 'result')
if taken[1] and not taken[2] then
  redis.call('ZREM', taken[1], ARGV[1])
  redis.call('DEL', KEYS[1])
end
