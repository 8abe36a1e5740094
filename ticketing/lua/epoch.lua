-- The first lines of every seat script but restore: KEYS[1] = epoch, ARGV[1] = the epoch the caller knows.
-- An absent epoch (recovering) equals nothing. Nothing has been written when this error is answered.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return redis.error_reply('EPOCH the Redis data is not what the caller knows')
end
