import asyncio, redis.asyncio as R
async def test_redis(redis_proxy, recorder):
    for p in 2,3:
        r = R.Redis.from_url(redis_proxy.url, protocol=p)
        await r.set("a", "1"); print(await r.get("a"))
        async with r.pipeline(transaction=True) as pipe:
            pipe.set("x", 1); pipe.incr("x"); print(await pipe.execute())
        async with r.pubsub() as ps:
            await ps.subscribe("c","d")
            print(await ps.get_message(timeout=2), await ps.get_message(timeout=2))
            await r.publish("c", "hi")
            print(await ps.get_message(timeout=2))
        try: await r.execute_command("CONFIG","GET","*")
        except Exception as e: print(repr(e))
        try: await r.incrbyfloat("c", "x")
        except Exception as e: print(repr(e))
        await r.rpush("l", *range(5)); print(await r.lrange("l",0,-1), await r.blpop("l", 1), await r.blpop("nol", 0.05))
        await r.aclose()
        await redis_proxy.idle()
        for s in recorder.statements: print(s)
        print(recorder.round_trips, recorder.setup_round_trips, redis_proxy.connections)
        recorder.clear()
