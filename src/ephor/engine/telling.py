"""Put notices into the outbox, in the transaction of what they tell. A step that use cases share."""

from __future__ import annotations

from datetime import datetime

from ephor.engine.ports import Unit, World
from ephor.rooms.approvals.call import CallApproval
from ephor.rooms.approvals.notice import About, Channel, Notice, body_of, concerns


def tell(unit: Unit, world: World, about: About, asked: CallApproval, now: datetime) -> None:
    """Leave one notice for every channel that is to hear of a question. Nothing is sent here, so nothing waits for it."""
    for channel in unit.shelf(Channel).all():
        if concerns(channel, asked, now):
            id = world.ids.new("ntc")
            unit.shelf(Notice).add(
                Notice(id, channel.id, about, asked.id, body_of(id, about, asked, now), now, now)
            )
