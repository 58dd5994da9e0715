"""What all records of declarations share: frozen, refusing unknown keys, with numbers written as numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
#: An id that also names a file or a folder.
Name = Annotated[str, Field(pattern=r"^\w[\w.-]*$")]
#: Numbers are written as numbers: no text, no true, no nan.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Tolerance = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]


class Record(BaseModel):
    """A frozen record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
