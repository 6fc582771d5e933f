"""The forms people fill in about rooms."""

from django import forms

from rooms import entering
from rooms.models import MAX_NAME_LENGTH, Room
from timers import names


class NameField(forms.CharField):
    """What remains of a name after cleaning is what counts."""

    def to_python(self, value: object) -> str:
        return names.clean(super().to_python(value) or "")


class PasscodeField(forms.CharField):
    def to_python(self, value: object) -> str:
        return entering.clean(super().to_python(value) or "")


class RoomForm(forms.ModelForm):
    """A room's name, which may be left out."""

    name = NameField(required=False, max_length=MAX_NAME_LENGTH)

    class Meta:
        model = Room
        fields = ("name",)


class NewRoomForm(RoomForm):
    """Besides, the passcode that people will be asked for; without one anybody enters."""

    passcode = PasscodeField(required=False, max_length=entering.MAX_PASSCODE_LENGTH)
