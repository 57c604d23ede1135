#!lua
--[[
  Writes first messages of documents down and strikes others out, if the table is in the state that the caller goes on from.

  KEYS   1 the hash: id -> first message, and under @through the state it is in
  ARGV   1 that state, '' = none, 2 the state afterwards, 3 how many to strike out, their ids, then id and first message of each to write down
  Result 1 done
         0 the table is in another state
  Safe to run twice: the second finds the state that the first made.
]]
local stored = redis.call('HGET', KEYS[1], '@through') or ''
if stored == ARGV[2] then return 1 end
if stored ~= ARGV[1] then return 0 end

local gone = tonumber(ARGV[3])
for i = 4, 3 + gone do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = 4 + gone, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], '@through', ARGV[2])
return 1
