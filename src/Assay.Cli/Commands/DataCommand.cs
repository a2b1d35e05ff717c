using System.CommandLine;
using Assay.Data;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay data</c>: lists, fetches and shows data sets.</summary>
internal static class DataCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var command = new Command("data", "List, fetch and look into data sets.");
        command.Add(List(environment));
        command.Add(Get(environment));
        command.Add(ShowOne(environment));
        command.Example("assay data list", "the data sets that need no path");
        command.Example("assay data get fashion-mnist", "fetch one, once");
        command.Example("assay data show mine.csv --label kind", "what a file holds, and whether it is fit for use");
        return command;
    }

    private static Command List(CliEnvironment environment)
    {
        var command = new Command("list", "List the data sets that are known by name.");
        command.Example("assay data list", "all of them, and where they are");
        command.Example("assay data list --json", "the same for a script");
        command.Handle(environment, session =>
        {
            session.Show(DatasetCatalog.List.Select(DataEntry.Of).ToArray(), DataRendering.List);
            return CliHost.Done;
        });
        return command;
    }

    private static Command Get(CliEnvironment environment)
    {
        var name = new Argument<string>("name") { Description = "A name of 'assay data list'." };
        var command = new Command("get", "Fetch a data set, or say that it is already there.") { name };
        command.Example("assay data get fashion-mnist", "60 000 + 10 000 images of clothes, 30 MB");
        command.Handle(environment, async session =>
        {
            var entry = DatasetCatalog.Find(session.Require(name));
            var place = DatasetCatalog.PlaceOf(entry);
            if (place is null && entry.Name != FashionMnist.Name)
                throw new FileNotFoundException($"{entry.Name} cannot be fetched: {DataEntry.Of(entry).HowToGet}");
            var fetched = place is null;
            place ??= await session.WithProgressAsync(progress => new FashionMnist().GetAsync(
                d => progress.Report(new ProgressUpdate(d.File, d.Bytes, d.Total ?? 0, Units.Bytes(d.Bytes))), session.Cancellation));
            session.Show(new DataGot(entry.Name, place, fetched), DataRendering.Got);
            return CliHost.Done;
        });
        return command;
    }

    private static Command ShowOne(CliEnvironment environment)
    {
        var source = new Argument<string>("source") { Description = "A name of 'assay data list', a file (CSV, TSV, Parquet, JSONL, NPY, NPZ, IDX) or a folder of images." };
        var html = new Option<string?>("--html") { Description = "Write a report with class bars, histograms and examples.", HelpName = "file" };
        var roles = new DataRoleOptions();
        var command = new Command("show", "Show what a data set holds. Exits 2 where it is not fit for use as it is.") { source, html };
        roles.AddTo(command);
        command.Example("assay data show digits", "a data set by name");
        command.Example("assay data show mine.csv --label kind --id key --drop a,b", "a file, with the parts its columns play");
        command.Example("assay data show mine.csv --missing median", "missing features filled in");
        command.Example("assay data show fashion-mnist:test --html report.html", "a page with histograms and a contact sheet");
        command.Handle(environment, session =>
        {
            var path = session.Require(source);
            var data = Load(session, path, roles);
            var summary = DatasetSummary.Of(data);
            if (session.Get(html) is { } file)
            {
                session.WriteReport(file, Report(environment, data, summary));
                session.Note($"report: {file}");
            }
            session.Show(summary, DataRendering.Summary);
            Refuse(data, path, summary.Missing, roles.Missing(session));
            return CliHost.Done;
        });
        return command;
    }

    // Missing features are kept while the data is shown, so that one sees where they are; the exit code tells that they must be dealt with.
    private static Dataset Load(CommandSession session, string source, DataRoleOptions roles)
    {
        var path = session.Environment.PathOf(source);
        if (File.Exists(path) || Directory.Exists(path))
            return DatasetFile.Load(path, roles.Read(session, MissingValues.Keep));
        if (DatasetCatalog.Contains(source) && roles.AreGiven(session))
            throw new ArgumentException($"'{source}' is a data set of the catalog, its columns have their parts already");
        return DatasetFile.Load(source);
    }

    private static void Refuse(Dataset data, string source, int missing, MissingValues? choice)
    {
        if (data.Features is not { } features || missing == 0 || choice is MissingValues.Keep)
        {
            if (choice is not MissingValues.Keep)
                data.Validate();
            return;
        }
        var first = features.Values.IndexOfAnyExceptInRange(float.NegativeInfinity, float.PositiveInfinity);
        var (row, column) = (first / features.Columns, first % features.Columns);
        var feature = data.FeatureNames.IsEmpty ? $"{column}" : $"'{data.FeatureNames[column]}'";
        throw new InvalidDataException($"{source}: row {row + 1}, column {feature}: the feature is missing ({missing} in all); fill in with --missing mean or median, or leave the column out with --drop");
    }

    private static Report Report(CliEnvironment environment, Dataset data, DatasetSummary summary)
    {
        var faults = new List<string>();
        if (summary.Missing > 0)
            faults.Add($"{summary.Missing} values are missing");
        if (summary.Duplicates.Examples > 0)
            faults.Add($"{summary.Duplicates.Examples} examples equal an earlier one");
        if (summary.Duplicates.OtherLabel > 0)
            faults.Add($"{summary.Duplicates.OtherLabel} of them carry another label");
        var verdict = faults.Count == 0 ? "No values are missing and no example occurs twice." : $"{string.Join("; ", faults)}.";
        return new Report($"Data: {summary.Name}", verdict, environment.Time.GetUtcNow(), DatasetSections.Of(data, summary))
        {
            Subtitle = $"{summary.Count} examples{(summary.Classes.IsEmpty ? "" : $" of {summary.Classes.Length} classes")}",
            Tone = faults.Count == 0 ? ReportTone.Good : ReportTone.Warning,
        };
    }
}
