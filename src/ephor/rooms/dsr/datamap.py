"""The data map: which collections hold what of whom, and how they hang together.

The format is the dataset of Fides' taxonomy (YAML: datasets, collections, fields with ``data_categories`` and
``fides_meta``), read by models of our own. What changes the meaning of a map and is not supported is refused.
"""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.masking import NOTHING, Mask, Strategy, read_mask

_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Name:
    """A collection's full name, written ``shop.orders``."""

    dataset: str
    collection: str

    def __str__(self) -> str:
        return f"{self.dataset}.{self.collection}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A field whose values lead to a field of another collection: ``to`` it, ``from`` it, or both when unsaid."""

    target: Name
    field: str
    direction: str | None


@dataclass(frozen=True, slots=True)
class Field:
    """A column, or ``who.email`` inside one: what it holds, whether it identifies the row or the person, and where its values lead."""

    name: str
    categories: tuple[str, ...] = ()
    primary_key: bool = False
    identity: str | None = None
    references: tuple[Reference, ...] = ()
    mask: Mask | None = None
    many: bool = False
    """Whether it lies in a list inside its column, or is one."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A table."""

    name: Name
    fields: tuple[Field, ...]
    erase_after: tuple[Name, ...] = ()
    mask: Mask | None = None

    @property
    def masks(self) -> Mapping[str, Mask]:
        """Return what an erasure writes into which fields; empty where it deletes the rows.

        One override is enough for the rows to stay, and then every personal field is overwritten.
        """
        own = {field.name: field.mask for field in self.fields if field.mask is not None}
        if (self.mask is not None and self.mask.strategy is Strategy.DELETE) or not (own or self.mask):
            return {}
        rest = {
            field.name: self.mask or NOTHING
            for field in self.fields
            if any(is_under(category, "user") for category in field.categories)
            and not (field.primary_key or field.references)
        }
        return {**rest, **own}

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(sorted({category for field in self.fields for category in field.categories}))

    @property
    def is_personal(self) -> bool:
        """Tell whether any field is about a person: Fides files all of that under ``user``."""
        return any(is_under(category, "user") for category in self.categories)

    def field(self, name: str) -> Field | None:
        return next((one for one in self.fields if one.name == name), None)


@dataclass(frozen=True, slots=True)
class DataMap:
    """All collections, in the order of the file."""

    collections: tuple[Collection, ...]

    def find(self, name: Name) -> Collection | None:
        return next((one for one in self.collections if one.name == name), None)

    def get(self, text: str) -> Collection:
        """Return the collection written ``shop.orders``. Raises InvalidInputError."""
        for one in self.collections:
            if str(one.name) == text:
                return one
        known = ", ".join(str(one.name) for one in self.collections)
        raise InvalidInputError(f"the data map has no collection `{text[:80]}`; it has: {known}")

    def without(self, datasets: Container[str]) -> DataMap:
        """Return the map without these datasets, and without references to them."""
        return DataMap(
            tuple(
                replace(
                    one,
                    fields=tuple(
                        replace(
                            field,
                            references=tuple(
                                to for to in field.references if to.target.dataset not in datasets
                            ),
                        )
                        for field in one.fields
                    ),
                    erase_after=tuple(after for after in one.erase_after if after.dataset not in datasets),
                )
                for one in self.collections
                if one.name.dataset not in datasets
            )
        )

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.name.dataset for one in self.collections))


def is_under(category: str, parent: str) -> bool:
    """Tell whether *category* is *parent* or below it, segment by segment.

    >>> is_under("user.contact.email", "user.contact"), is_under("user.contacts", "user.contact")
    (True, False)
    """
    return category == parent or category.startswith(parent + ".")


# Keys of the format that describe and do not steer; they are read over.
_PROSE = {
    "name",
    "description",
    "meta",
    "organization_fides_key",
    "tags",
    "data_qualifier",
    "retention",
    "data_categories",
}
_DATASET = {
    "fides_key",
    "collections",
    "fidesctl_meta",
    "fides_meta",
    "third_country_transfers",
    "joint_controller",
} | _PROSE
_COLLECTION = {"name", "fields", "fides_meta", "fidesops_meta"} | _PROSE
_FIELD = {"name", "fields", "data_categories", "fides_meta", "fidesops_meta"} | _PROSE
_DATASET_META = {"after", "resource_id", "namespace"}
_COLLECTION_META = {"after", "erase_after", "masking_strategy_override", "skip_processing", "partitioning"}
_FIELD_META = {
    "masking_strategy_override",
    "primary_key",
    "identity",
    "references",
    "data_type",
    "length",
    "read_only",
    "return_all_elements",
}


def parse_map(given: Mapping[str, object]) -> DataMap:
    """Return the data map that a mapping describes, with every reference resolved.

    Raises:
        InvalidInputError: wrong shape, a name given twice, a reference to nowhere, or a feature of the format that
            is not supported (skipped collections, a mask that can be undone).
    """
    datasets = _entries(given.get("dataset"), "dataset")
    _keys(given, {"dataset"}, "the data map")
    collections = tuple(one for dataset in datasets for one in _dataset(dataset))
    if not collections:
        raise InvalidInputError("the data map holds no collection; list them under `dataset[].collections`")
    read = DataMap(collections)
    _check(read)
    return read


def _dataset(given: Mapping[str, object]) -> Iterator[Collection]:
    key = _word(given.get("fides_key"), "fides_key")
    if "." in key:
        raise InvalidInputError(f"dataset `{key}` has a dot in its name; use none")
    _keys(given, _DATASET, f"dataset `{key}`")
    _meta(given, _DATASET_META, f"dataset `{key}`")
    for collection in _entries(given.get("collections"), f"collections of `{key}`"):
        yield _collection(key, collection)


def _collection(dataset: str, given: Mapping[str, object]) -> Collection:
    name = Name(dataset, _word(given.get("name"), f"name of a collection in `{dataset}`"))
    _keys(given, _COLLECTION, f"collection `{name}`")
    meta = _meta(given, _COLLECTION_META, f"collection `{name}`")
    if meta.get("skip_processing") not in (None, False):
        raise InvalidInputError(
            f"collection `{name}` is to be skipped (`skip_processing`), and a person's data in it with it; leave that out, or "
            "leave the collection out: then each plan says that it was not searched"
        )
    listed = _entries(given.get("fields"), f"fields of `{name}`")
    fields = tuple(field for one in listed for field in _fields(name, one, (), (), many=False))
    after = _list(meta.get("erase_after"), f"erase_after of `{name}`")
    mask = read_mask(meta.get("masking_strategy_override"), f"collection `{name}`")
    read = Collection(name, fields, tuple(_name(str(one)) for one in after), mask)
    _check_masks(read)
    return read


def _fields(
    collection: Name,
    given: Mapping[str, object],
    inside: tuple[str, ...],
    categories: tuple[str, ...],
    *,
    many: bool,
) -> Iterator[Field]:
    """Yield a field, or instead of one that holds others these, named by their path; categories go down to them."""
    if len(inside) > _DEEPEST:
        raise InvalidInputError(f"fields of `{collection}` lie more than {_DEEPEST} deep in each other")
    own = _field(collection, given)
    name = ".".join((*inside, own.name))
    many = many or own.many
    kinds = own.categories or categories
    if not given.get("fields"):
        if own.primary_key and inside:
            raise InvalidInputError(f"`{collection}.{name}` lies inside a column and cannot be a primary key")
        yield replace(own, name=name, categories=kinds, many=many)
        return
    if own.primary_key or own.identity or own.references or own.mask:
        raise InvalidInputError(f"`{collection}.{name}` holds other fields; say of these what you say of it")
    for one in _entries(given.get("fields"), f"fields of `{collection}.{name}`"):
        yield from _fields(collection, one, (*inside, own.name), kinds, many=many)


def _check_masks(collection: Collection) -> None:
    for field in collection.fields if collection.masks else ():
        if field.mask is not None and (field.primary_key or field.mask.strategy is Strategy.DELETE):
            raise InvalidInputError(
                f"`{collection.name}.{field.name}` cannot be masked so: a key stays, and only rows are deleted"
            )
        personal = any(
            is_under(one, "user") and not is_under(one, "user.unique_id") for one in field.categories
        )
        if field.primary_key and personal:
            raise InvalidInputError(
                f"`{collection.name}.{field.name}` tells rows apart and is about a person: masking would leave it; "
                "let the collection be deleted"
            )


def _field(collection: Name, given: Mapping[str, object]) -> Field:
    name = _word(given.get("name"), f"name of a field in `{collection}`")
    where = f"field `{collection}.{name}`"
    _keys(given, _FIELD, where)
    meta = _meta(given, _FIELD_META, where)
    identity = meta.get("identity")
    return Field(
        name=name,
        categories=tuple(
            _word(one, f"data category of {where}") for one in _list(given.get("data_categories"), where)
        ),
        primary_key=_truth(meta.get("primary_key"), where),
        identity=None if identity is None else _word(identity, f"identity of {where}"),
        references=tuple(
            _reference(one, where) for one in _entries(meta.get("references"), f"references of {where}")
        ),
        mask=read_mask(meta.get("masking_strategy_override"), where),
        many=str(meta.get("data_type") or "").endswith("[]"),
    )


def _reference(given: Mapping[str, object], where: str) -> Reference:
    _keys(given, {"dataset", "field", "direction"}, f"a reference of {where}")
    dataset, path = (
        _word(given.get("dataset"), f"dataset of {where}"),
        _word(given.get("field"), f"reference of {where}"),
    )
    collection, dot, field = path.partition(".")
    if not dot or not collection or not field:
        raise InvalidInputError(f"{where} refers to `{path}`; write `collection.field`")
    direction = given.get("direction")
    if direction not in (None, "to", "from"):
        raise InvalidInputError(f"{where} has direction `{direction}`; use `to`, `from` or none")
    return Reference(Name(dataset, collection), field, None if direction is None else str(direction))


def _check(read: DataMap) -> None:
    seen: set[str] = set()
    for collection in read.collections:
        names = [str(collection.name), *(f"{collection.name}.{field.name}" for field in collection.fields)]
        for name in names:
            if name in seen:
                raise InvalidInputError(f"the data map names `{name}` twice")
            seen.add(name)
    for collection in read.collections:
        for field in collection.fields:
            for one in field.references:
                if f"{one.target}.{one.field}" not in seen:
                    raise InvalidInputError(
                        f"`{collection.name}.{field.name}` refers to `{one.target}.{one.field}`, which is not in the map"
                    )
        for after in collection.erase_after:
            if str(after) not in seen:
                raise InvalidInputError(
                    f"`{collection.name}` is to be erased after `{after}`, which is not in the map"
                )


def _meta(given: Mapping[str, object], known: set[str], where: str) -> Mapping[str, object]:
    meta = (
        given.get("fides_meta") or given.get("fidesops_meta") or {}
    )  # the second is the format's older spelling
    if not isinstance(meta, Mapping):
        raise InvalidInputError(f"`fides_meta` of {where} is not a mapping")
    _keys(meta, known, f"`fides_meta` of {where}")
    return meta


def _keys(given: Mapping[str, object], known: set[str], where: str) -> None:
    if unknown := sorted(str(key) for key in given if key not in known):
        raise InvalidInputError(
            f"{where} holds `{unknown[0][:80]}`, which is not supported; it would change what is erased"
        )


def _entries(value: object, where: str) -> Sequence[Mapping[str, object]]:
    entries = _list(value, where)
    if not all(isinstance(one, Mapping) for one in entries):
        raise InvalidInputError(f"`{where}` holds something that is not a mapping")
    return entries  # type: ignore[return-value]  # just checked


def _list(value: object, where: str) -> Sequence[object]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise InvalidInputError(f"`{where}` is not a list")
    return value


def _word(value: object, where: str) -> str:
    if not isinstance(value, str) or not value or "\0" in value or len(value) > 200:
        raise InvalidInputError(f"{where} is not a name")
    return value


def _truth(value: object, where: str) -> bool:
    if value not in (None, True, False):
        raise InvalidInputError(f"`primary_key` of {where} is neither true nor false")
    return value is True


def _name(text: str) -> Name:
    dataset, _, collection = text.partition(".")
    return Name(dataset, collection)
