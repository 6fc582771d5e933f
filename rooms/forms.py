"""The forms people fill in about rooms."""

from django import forms

from rooms.models import MAX_NAME_LENGTH, Room
from timers import names


class NameField(forms.CharField):
    """What remains of a name after cleaning is what counts."""

    def to_python(self, value: object) -> str:
        return names.clean(super().to_python(value) or "")


class RoomForm(forms.ModelForm):
    """A room's name, which may be left out."""

    name = NameField(required=False, max_length=MAX_NAME_LENGTH)

    class Meta:
        model = Room
        fields = ("name",)
