"""Use cases: where notices go, and sending those that wait. Nothing here is on the way of a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ephor.engine.moot import over
from ephor.engine.ports import Post, Sent, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, PlaneRole, require
from ephor.rooms.approvals.notice import (
    MAX_CHANNELS,
    Channel,
    ChannelKind,
    Notice,
    NoticeStatus,
    again,
    drop,
    is_due,
    mail_of,
    read_channel,
    set_aside,
    settled,
    sign,
    tried,
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round of sending did."""

    sent: Sequence[Notice]
    failed: Sequence[Notice]
    """Not taken; tried again later, or set aside."""
    waiting: int
    """Notices that are still to be sent."""
    dropped: Sequence[Notice] = ()
    """Not sent, for what they tell is over."""


@dataclass(frozen=True, slots=True)
class Notices:
    """The outbox of notices, and the channels they go to."""

    world: World

    def add(
        self,
        id: str,
        *,
        by: str,
        webhook: str | None = None,
        email: str | None = None,
        roles: Sequence[PlaneRole] = (),
    ) -> Channel:
        """Name a place that is told of every question, or of those that one of *roles* may answer.

        Raises:
            InvalidInputError: no address that can be used, or too many channels.
            NotPermittedError: *by* may not: Ephor sends requests to whatever address it is given.
            ConflictError: there is a channel of that name.
        """
        with self.world.storage.unit() as unit:
            person = require(unit.shelf(Person).find(by), PlanePermission.NOTICES, who=by)
            channel = read_channel(
                id=id,
                webhook=webhook,
                email=email,
                roles=tuple(dict.fromkeys(roles)),
                nonce=self.world.ids.new("chn"),
                by=person.id,
                at=self.world.clock.now(),
            )
            if len(unit.shelf(Channel).all()) >= MAX_CHANNELS:
                raise InvalidInputError(f"there are {MAX_CHANNELS} channels; remove one first")
            unit.shelf(Channel).add(channel)
            unit.append(self._about_channel("channel.added/1", channel, person.id))
        return channel

    def remove(self, id: str, *, by: str) -> Channel:
        """Tell a place nothing any more; what waits for it is set aside.

        Raises:
            NotFoundError: there is no such channel.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.unit() as unit:
            person = require(unit.shelf(Person).find(by), PlanePermission.NOTICES, who=by)
            channel = unit.shelf(Channel).get(id)
            unit.shelf(Channel).remove(channel)
            for notice in unit.shelf(Notice).all(status=NoticeStatus.PENDING.value):
                if notice.channel == id:
                    unit.shelf(Notice).replace(notice, set_aside(notice, "its channel was removed"))
            unit.append(self._about_channel("channel.removed/1", channel, person.id))
        return channel

    def channels(self) -> Sequence[Channel]:
        """Return the channels, by name."""
        with self.world.storage.reading() as unit:
            return unit.shelf(Channel).all()

    def secret(self, id: str, *, by: str) -> str:
        """Return the secret a channel's notices are signed with. It is computed from the plane's key, and kept nowhere.

        Raises:
            NotFoundError: there is no such channel.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.reading() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.NOTICES, who=by)
            return self._secret(unit.shelf(Channel).get(id))

    def outbox(self, status: NoticeStatus | None = None) -> Sequence[Notice]:
        """Return notices, oldest first."""
        with self.world.storage.reading() as unit:
            found = unit.shelf(Notice).all(**({"status": status.value} if status else {}))
        return sorted(found, key=_age)

    def again(self, id: str, *, by: str) -> Notice:
        """Send a notice that was set aside once more.

        Raises:
            NotFoundError: there is no such notice, or its channel is gone.
            NotPermittedError: *by* may not.
            ConflictError: it was sent, or is to be sent anyway.
        """
        with self.world.storage.unit() as unit:
            person = require(unit.shelf(Person).find(by), PlanePermission.NOTICES, who=by)
            notice = unit.shelf(Notice).get(id)
            if notice.status is not NoticeStatus.FAILED:
                raise ConflictError(
                    f"notice `{id}` is {notice.status.value}; only one that failed can be sent again"
                )
            unit.shelf(Channel).get(notice.channel)
            fresh = again(notice, self.world.clock.now())
            unit.shelf(Notice).replace(notice, fresh)
            unit.append(self._about("notice.retried/1", fresh, f"person:{person.id}", {}))
        return fresh

    def deliver(self, post: Post, *, limit: int = 100) -> Delivered:
        """Send what is due, oldest first; a channel that does not take one is left alone until its next try.

        Each try is recorded before it is made, and nobody else makes the same one. A notice that was taken while the
        answer was lost comes again, under the same id. What tells of something that is over meanwhile is dropped.
        """
        sent: list[Notice] = []
        dropped: list[Notice] = []
        failed: list[Notice] = []
        silent: set[str] = set()
        for notice in self._due(limit):
            if notice.channel in silent or (taken := self._take(notice.id)) is None:
                continue
            attempt, channel = taken
            if attempt.status is NoticeStatus.DROPPED:
                dropped.append(attempt)
                continue
            done = self._settle(attempt, self._send(post, channel, attempt))
            (sent if done.status is NoticeStatus.SENT else failed).append(done)
            if done.status is not NoticeStatus.SENT:
                silent.add(channel.id)
        return Delivered(sent, failed, len(self.outbox(NoticeStatus.PENDING)), dropped)

    def _due(self, limit: int) -> Sequence[Notice]:
        now = self.world.clock.now()
        return [one for one in self.outbox(NoticeStatus.PENDING) if is_due(one, now)][:limit]

    def _take(self, id: str) -> tuple[Notice, Channel] | None:
        """Take one notice for this try, or drop it where what it tells is over; None where somebody else did."""
        with self.world.storage.unit() as unit:
            now = self.world.clock.now()
            notice = unit.shelf(Notice).find(id)
            if notice is None or not is_due(notice, now):
                return None
            channel = unit.shelf(Channel).find(notice.channel)
            if channel is None:
                return None
            if (why := over(unit, notice, now)) is not None:
                gone = drop(notice, why)
                unit.shelf(Notice).replace(notice, gone)
                unit.append(self._about("notice.dropped/1", gone, "ephor", {"said": why}))
                return gone, channel
            attempt = tried(notice, now)
            unit.shelf(Notice).replace(notice, attempt)
            unit.append(self._about("notice.attempted/1", attempt, "ephor", {}))
        return attempt, channel

    def _send(self, post: Post, channel: Channel, notice: Notice) -> Sent:
        if channel.kind is ChannelKind.EMAIL:
            subject, text = mail_of(notice)
            return post.mail(channel.address, subject, text, notice.id)
        body = notice.body.encode()
        headers = {
            "Content-Type": "application/json",
            "Ephor-Notice": notice.id,
            "Ephor-Attempt": str(notice.attempts),
            "Ephor-Signature": sign(self._secret(channel), body, self.world.clock.now()),
        }
        return post.webhook(channel.address, body, headers)

    def _settle(self, attempt: Notice, came: Sent) -> Notice:
        with self.world.storage.unit() as unit:
            notice = unit.shelf(Notice).get(attempt.id)
            done = settled(notice, taken=came.taken, said=came.said, now=self.world.clock.now())
            unit.shelf(Notice).replace(notice, done)
            kind = "notice.sent/1" if came.taken else "notice.failed/1"
            unit.append(self._about(kind, done, "ephor", {"said": came.said}))
        return done

    def _secret(self, channel: Channel) -> str:
        """Nothing else that is fingerprinted begins like this: arguments and results begin with a bracket."""
        named = f"ephor/notice-secret/1\0{channel.id}\0{channel.nonce}"
        return self.world.pseudonyms.fingerprint(named.encode()).rpartition(":")[2]

    def _about(self, kind: str, notice: Notice, actor: str, more: Mapping[str, Json]) -> Event:
        return Event(
            kind=kind,
            at=self.world.clock.now(),
            actor=actor,
            resource=f"notice:{notice.id}",
            refs={notice.about.noun: notice.approval},
            metadata={
                "channel": notice.channel,
                "about": notice.about.value,
                "attempt": notice.attempts,
                "status": notice.status.value,
                **({"stage": notice.stage} if notice.stage else {}),
                **more,
            },
        )

    def _about_channel(self, kind: str, channel: Channel, by: str) -> Event:
        return Event(
            kind=kind,
            at=self.world.clock.now(),
            actor=f"person:{by}",
            resource=f"channel:{channel.id}",
            metadata={
                "kind": channel.kind.value,
                "address": channel.address if channel.kind is ChannelKind.WEBHOOK else "",
                "roles": [role.value for role in channel.roles],
            },
        )


def _age(notice: Notice) -> tuple[datetime, str]:
    return notice.created_at, notice.id
