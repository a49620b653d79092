import asyncio, psycopg, asyncpg
async def test_psycopg(proxy, recorder):
    async with await psycopg.AsyncConnection.connect(proxy.url) as conn:
        print(await (await conn.execute("select 1 as x where 1=%s", (1,))).fetchall())
        for i in range(8):
            await conn.execute("select %s::int + %s", (1,i))
    for s in recorder.statements: print(s)
    print(recorder.round_trips, recorder.setup_round_trips)
async def test_asyncpg(proxy, recorder):
    conn = await asyncpg.connect(proxy.url)
    print(await conn.fetch("select 1 as x where 1=$1", 1))
    async with conn.transaction():
        async for r in conn.cursor("select * from generate_series(1,200)", prefetch=50): pass
    await conn.close()
    for s in recorder.statements: print(s)
    print(recorder.round_trips, recorder.setup_round_trips)
async def test_sa(proxy, recorder):
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy import text
    for d in "psycopg","asyncpg":
        recorder.clear()
        e = create_async_engine(proxy.url.replace("postgresql:", f"postgresql+{d}:"))
        for _ in range(2):
            async with e.connect() as c:
                print((await c.execute(text("select 1"))).all())
        await e.dispose()
        for s in recorder.statements: print(s.number, s.category, s.noise, s.setup, repr(s.text), s.parameters,s.command, s.error)
        print(recorder.round_trips, recorder.setup_round_trips)
        pool = await asyncpg.create_pool(proxy.url, min_size=1,max_size=1)
        async with pool.acquire() as c:
            try: print(await c.fetch("create type mood as enum('a','b')"))
            except: pass
            print(await c.fetch("select 'a'::mood, array['a'::mood], row(1,'a'::mood) , '{}'::hstore" if 0 else  "select 'a'::mood, array['a'::mood]"))
            await c.set_type_codec('json', encoder=str, decoder=str, schema='pg_catalog')
            await c.set_type_codec('mood', encoder=str, decoder=str)
        await pool.close()
        for s in recorder.statements: print(s.number, s.category, s.noise, s.setup, repr(s.text), s.parameters,s.command, s.error)
