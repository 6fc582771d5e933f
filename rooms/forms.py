"""The forms people fill in about rooms."""

from django import forms

from rooms.models import MAX_NAME_LENGTH, Room
from timers import names


class RoomForm(forms.ModelForm):
    """A room's name: it may be left out, and what remains of it after cleaning is counted."""

    name = forms.CharField(required=False, strip=False)

    class Meta:
        model = Room
        fields = ("name",)

    def clean_name(self) -> str:
        name = names.clean(self.cleaned_data["name"])
        if len(name) > MAX_NAME_LENGTH:
            raise forms.ValidationError(f"A room's name has at most {MAX_NAME_LENGTH} characters; this one has {len(name)}.")
        return name
