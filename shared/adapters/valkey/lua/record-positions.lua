#!lua
--[[
  Records where some slots of a stream stand, unless this is no longer the store that was read.

  KEYS   1 hash of the function and stream: slot -> version:ns
  ARGV   1 run id of the server that was read, 2 '1' if positions were there, 3 version, 4 ns, then the slots
  Result 1 recorded
         0 the server was restarted or the positions are gone: read again
  A slot's greatest version stays. Safe to run twice.
]]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
if run ~= ARGV[1] then return 0 end
if ARGV[2] == '1' and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end

local fields = {}
for i = 5, #ARGV do
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  if not stored or tonumber(string.match(stored, '^%d+')) < tonumber(ARGV[3]) then
    fields[#fields + 1] = ARGV[i]
    fields[#fields + 1] = ARGV[3] .. ':' .. ARGV[4]
  end
end
if #fields > 0 then redis.call('HSET', KEYS[1], unpack(fields)) end
return 1
