"""Kata 01, turn a layered app into slices: the same shop, cut another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checks import check, require
from grader.checks.layers_to_slices import parts, races, shared
from grader.checks.layers_to_slices.absence import Absence, faults, without
from grader.checks.layers_to_slices.oddities import odd_requests
from grader.checks.layers_to_slices.running import watch
from grader.checks.layers_to_slices.shop import MOST, Shop, cancel, fault_of, place, restock, shown
from grader.checks.layers_to_slices.tour import Tour
from grader.verdict import Finding

if TYPE_CHECKING:
    from grader.lab import Lab


@check(task=1, kind="behaviour")
async def the_behaviour_is_unchanged(lab: Lab) -> None:
    """Every route answers as before, under all of its outcomes, and leaves the same rows."""
    tour = Tour(lab.random)
    await lab.rows.insert(tour.tables)
    for number, visit in enumerate(tour.visits):
        answer = await lab.send(visit.request, to="AB"[number % 2])
        fault = visit.fault(answer)
        require(
            fault is None,
            done=f"{visit.does} ({visit.route})",
            seen=str(fault),
            expected="the routes, statuses and bodies are those of the contract",
            evidence=shown(answer),
        )
    for route, wrong in (await tour.stock_faults(lab)).items():
        raise Finding(f"visited {route}", wrong, "copies are taken, put back and added as before")


@check(task=1, kind="race")
async def two_orders_never_oversell(lab: Lab) -> None:
    """Two orders at the same time never sell a copy that is not there."""
    shop = Shop(lab.random)
    customer, book = shop.customer(), shop.book(5)
    await lab.every_interleaving(
        given=shop.tables,
        requests=[place(customer["id"], book["id"], quantity) for quantity in (3, 4)],
        holds=races.never_oversold(book, (3, 4)),
    )


@check(task=1, kind="race")
async def a_cancel_gives_stock_back_once(lab: Lab) -> None:
    """An order that is cancelled twice at the same time gives its copies back once."""
    shop = Shop(lab.random)
    book = shop.book(4)
    order = shop.order(shop.customer(), book, 3)
    await lab.every_interleaving(
        given=shop.tables,
        requests=[cancel(order["id"]), cancel(order["id"])],
        holds=races.cancelled_once(book, order),
    )


@check(task=1, kind="race")
async def an_order_and_a_cancel_lose_nothing(lab: Lab) -> None:
    """An order and the cancel of another at the same time lose no copy of the book, and invent none."""
    for stock in (2, 6):
        shop = Shop(lab.random)
        customer, book = shop.customer(), shop.book(stock)
        order = shop.order(customer, book, 3)
        await lab.every_interleaving(
            given=shop.tables,
            requests=[cancel(order["id"]), place(customer["id"], book["id"], 4)],
            holds=races.placed_beside_cancelled(book, order, 4),
        )


@check(task=1, kind="integrity")
async def stock_stays_within_its_bounds(lab: Lab) -> None:
    """A book never has more than 10,000 copies, whoever adds them, and what is refused changes nothing."""
    shop = Shop(lab.random)
    book = shop.book(MOST - 10)
    order = shop.order(shop.customer(), book, 6)
    await lab.every_interleaving(
        given=shop.tables,
        requests=[restock(book["id"], 6), cancel(order["id"])],
        holds=races.within_bounds(book, (6, 6), order),
    )
    await lab.every_interleaving(
        given=shop.tables,
        requests=[restock(book["id"], 6), restock(book["id"], 5)],
        holds=races.within_bounds(book, (6, 5), None),
    )


@check(task=2, kind="shape")
async def only_main_stands_outside(lab: Lab) -> None:
    """Outside of the slices and of what they share stands only main.py."""
    code = await parts.code_of(lab)
    files = parts.left_over(code)
    folders = sorted({f"{parts.part_of(file)}" for file in files})
    require(
        not files,
        done="looked at what stands in app/",
        seen=f"{len(files)} files stand outside of app/features/ and app/shared/, in {', '.join(folders)}",
        expected="outside of app/features/ and app/shared/ stands only app/main.py",
        evidence=(parts.listed("these files", files),),
    )
    beside = {entry.stem for entry in lab.folder.iterdir() if entry.is_dir() or entry.suffix == ".py"} - {"app"}
    imports = parts.foreign_imports(code, beside)
    require(
        not imports,
        done="looked at what app/ imports",
        seen=f"{len(imports)} imports lead beside it",
        expected="the code of the service stands in app/",
        evidence=(parts.listed("these imports", imports),),
        place=imports[0].place if imports else None,
    )
    parts.require_slices(code)


@check(task=2, kind="shape")
async def every_slice_offers_a_router(lab: Lab) -> None:
    """Every slice offers a router, and main.py takes that from it and nothing else."""
    code = await parts.code_of(lab)
    slices = parts.require_slices(code)
    without_router = [slice_ for slice_ in slices if not parts.offers_router(code, slice_)]
    require(
        not without_router,
        done="looked at what stands in app/features/",
        seen=f"{', '.join(without_router)} has no name `router`",
        expected="each direct child of app/features/ is a slice, and offers `router`",
    )
    taken = list(parts.taken_by_wiring(code, slices))
    require(
        not taken,
        done="looked at what main.py takes from the slices",
        seen=f"it takes {', '.join(sorted({name for _, name in taken}))}",
        expected="it takes `router` from each slice, and nothing else",
        place=taken[0][0] if taken else None,
    )


@check(task=2, kind="shape")
async def shared_knows_no_use_case(lab: Lab) -> None:
    """What slices share knows no use case, and is used by two of them or by main.py."""
    code = await parts.code_of(lab)
    done = "read the code in app/shared/"
    functions = list(shared.behaviour(code))
    require(
        not functions,
        done=done,
        seen=f"definitions of tables have behaviour: {', '.join(name for _, name in functions)}",
        expected="definitions of tables in app/shared/ hold columns and constraints, and no functions",
        place=functions[0][0] if functions else None,
    )
    words = list(shared.words(code))
    require(
        not words,
        done=done,
        seen=f"besides definitions of tables it speaks of {', '.join(sorted({word for _, word in words}))}",
        expected="besides definitions of tables the words book, order, customer and stock do not occur in app/shared/",
        evidence=(parts.listed("at these lines", shared.by_line(words)),),
        place=words[0][0] if words else None,
    )
    lonely = list(shared.too_little_used(code))
    require(
        not lonely,
        done="looked at who imports what stands in app/shared/",
        seen="; ".join(f"{file} is used by {', '.join(users) or 'nothing'} only" for file, users in lonely),
        expected="each file in app/shared/ is used by two slices, or by main.py",
    )


@check(task=3, kind="shape")
async def no_slice_imports_another(lab: Lab) -> None:
    """A slice imports its own modules and what is shared, and nothing else of the service."""
    code = await parts.code_of(lab)
    found = parts.crossings(code)
    first = found[0] if found else ""
    more = f", and {len(found) - 1} more go from part to part" if len(found) > 1 else ""
    require(
        not found,
        done="followed the imports between the modules in app/, those inside of functions too",
        seen=f"{first}{more}",
        expected="a slice imports its own modules and app/shared/; app/shared/ imports no slice",
        evidence=(parts.listed("these imports", found),),
        place=found[0].place if found else None,
    )
    parts.require_slices(code)


@check(task=3, kind="shape")
async def no_slice_runs_another(lab: Lab) -> None:
    """Whatever is sent to a slice, no function of another runs for it."""
    ran = await watch(lab)
    found = ran.crossings()
    requests = sorted({one.when for one in found})
    require(
        not found,
        done="visited every route under all of its outcomes, and watched which functions ran",
        seen=f"{found[0].origin} reached {found[0].target} ({', '.join(requests)})" if found else "",
        expected="for a request to one slice no function of another runs, whoever calls it",
        evidence=(parts.listed("these lines led from one to the other", found),),
        place=found[0].place if found else None,
    )
    ran.require_slices()


@check(task=4, kind="shape")
async def the_others_work_without_one(lab: Lab) -> None:
    """With any one slice replaced by an empty router the other routes work as before."""
    absences: dict[str, Absence] = {}
    slices = parts.require_slices(await parts.code_of(lab))
    usual = await faults(lab)
    for slice_ in slices:
        absences[slice_] = absence = await without(lab, slice_, usual)
        done = f"put an empty router in the place of {slice_}"
        require(bool(absence.gone), done=done, seen="every route is still there", expected="a slice serves a route")
        for other, before in absences.items():
            both = sorted(set(before.gone) & set(absence.gone)) if other != slice_ else []
            require(
                not both,
                done=done,
                seen=f"{', '.join(both)} is gone; it was gone without {other} too",
                expected="a route is gone without its own slice, and there without any other",
            )
    always = sorted(set.intersection(*(set(absence.kept) for absence in absences.values())))
    require(
        not always,
        done="put an empty router in the place of each slice in turn",
        seen=f"{', '.join(always)} was always there",
        expected="every route is served by a slice",
    )


@check(task=4, kind="shape")
async def a_slice_serves_one_noun(lab: Lab) -> None:
    """One slice does not hold the use cases of another noun."""
    routes: dict[str, list[str]] = {}
    ran = await watch(lab)
    for route, part in ran.owners.items():
        routes.setdefault(part, []).append(route)
    mixed = {part: served for part, served in routes.items() if len({route.split("/")[1] for route in served}) > 1}
    part, served = next(iter(mixed.items()), ("", []))
    require(
        not mixed,
        done="visited every route, and watched whose code was called for it",
        seen=f"{part} serves {', '.join(sorted(f'/{noun}' for noun in {route.split('/')[1] for route in served}))}",
        expected="the routes of a slice belong to one of /customers, /books and /orders",
        evidence=(parts.listed("its routes", sorted(served)),),
    )
    ran.require_slices()


@check(task=5, kind="boundary")
async def odd_requests_are_refused_alike(lab: Lab) -> None:
    """What cannot be is refused with a 4xx and a problem document, by every slice alike."""
    shop = Shop(lab.random)
    customer, book = shop.customer(), shop.book(MOST - 10)
    await lab.rows.insert(shop.tables)
    for odd in odd_requests(customer["id"], book["id"], shop.id()):
        answer = await lab.send(odd.request)
        fault = fault_of(answer, odd.status)
        require(
            fault is None,
            done=odd.does,
            seen=str(fault),
            expected=f"{odd.route} answers {odd.status}, a problem document",
            evidence=shown(answer),
        )
    rows = await lab.rows.fetch(
        "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM orders), (SELECT sum(stock) FROM books)"
    )
    require(
        rows == [(1, 0, book["stock"])],
        done="sent what cannot be to every route",
        seen=f"now there are {rows[0][0]} customers, {rows[0][1]} orders and {rows[0][2]} copies",
        expected=f"nothing of it is kept: 1 customer, no order, {book['stock']} copies",
    )
