from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rooms', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='room',
            name='maker',
            field=models.CharField(blank=True, default='', editable=False, help_text='Who made it, as a member of it.', max_length=16),
            preserve_default=False,
        ),
    ]
