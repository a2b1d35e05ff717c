using System.Collections.Immutable;
using System.CommandLine;
using Assay.Evaluation;

namespace Assay.Cli;

/// <summary><c>assay calibrate</c>: probabilities that mean what they say.</summary>
internal static class CalibrateCommand
{
    private static readonly ImmutableArray<Metric> Shown = [new ExpectedCalibrationError(), new LogLoss(), new BrierScore(), new Accuracy()];

    public static Command Create(CliEnvironment environment)
    {
        var files = new Argument<string[]>("file") { Description = "VALIDATION PREDICTIONS: what to fit on (with truth, not trained on) and what to calibrate; with --load only PREDICTIONS. Files or runs as for 'assay judge'.", Arity = new ArgumentArity(1, 2) };
        var method = new Option<string>("--method") { Description = "The calibrator, as in 'assay methods --kind calibrator', with options in brackets.", HelpName = "name", DefaultValueFactory = _ => "temperature-scaling" };
        var output = new Option<string?>("--output", "-o") { Description = "Write the calibrated predictions: CSV, TSV, Parquet, JSONL, or NPY.", HelpName = "file" };
        var save = new Option<string?>("--save") { Description = "Keep the fitted calibrator in this file.", HelpName = "file" };
        var load = new Option<string?>("--load") { Description = "Use a calibrator that was kept, instead of fitting one.", HelpName = "file" };
        var validationLabels = new Option<string?>("--validation-labels") { Description = "The truth of VALIDATION in a file of its own; --labels is that of PREDICTIONS.", HelpName = "file" };
        var validationCopies = new Option<string[]>("--validation-transformed") { Description = "Predictions on a transformed copy of VALIDATION's inputs, row by row the same examples; may be given several times.", HelpName = "file" };
        var copies = new Option<string[]>("--transformed") { Description = "Predictions on a transformed copy of PREDICTIONS' inputs, in the same order of transforms.", HelpName = "file" };
        var options = new PredictionOptions();
        var command = new Command("calibrate", "Make probabilities mean what they say: fit a calibrator on validation predictions, apply it to others.") { files, method, output, save, load, validationLabels, validationCopies, copies };
        options.AddTo(command);
        command.Example("assay calibrate val.csv test.csv -o calibrated.csv", "temperature scaling; before and after");
        command.Example("assay calibrate val.csv test.csv --method isotonic-calibration --save iso.json", "another calibrator, kept");
        command.Example("assay calibrate new.csv --load iso.json -o calibrated.csv", "the kept one, on new predictions");
        command.Example("assay calibrate val.csv test.csv --method \"histogram-binning(bins: 10)\" -m ks-calibration --json", "options of method and metric, for a script");
        command.Example("assay calibrate val.csv test.csv --method correctness-aware-calibration --validation-transformed val-rotated.csv --transformed test-rotated.csv", "with predictions on transformed inputs");
        command.Handle(environment, session =>
        {
            var names = session.Require(files);
            var loads = session.Get(load) is not null;
            if (names.Length != (loads ? 1 : 2))
                throw new ArgumentException(loads ? "with --load only PREDICTIONS was expected: the calibrator is fitted already" : $"two files were expected, VALIDATION and PREDICTIONS, not '{names[0]}' alone; or --load a calibrator");
            if (loads && (session.Has(method) || session.Has(save) || session.Has(validationLabels) || session.Has(validationCopies)))
                throw new ArgumentException("--load takes a calibrator as it is: --method, --save and the options of validation do not go with it");
            var calibrator = loads ? Calibrator.Load(environment.PathOf(session.Get(load)!)) : Fitted(session, names[0]);
            // Ids and other columns go through to the output.
            var predictions = options.Read(session, names[^1], withIds: true, slices: null, options.Labels(session));
            if (calibrator.WasFittedOn(predictions))
                throw new ArgumentException($"{names[^1]} holds the predictions that the calibrator was fitted on; what it reaches there says nothing. Calibrate others");
            var after = calibrator.Apply(predictions, Copies(session, session.Get(copies), predictions));
            foreach (var warning in calibrator.Warnings)
                session.Warn(warning);
            var metrics = options.Metrics(session) ?? Shown;
            var (written, kept) = (Path(session, output), Path(session, save));
            // Judged first: nothing is written where a metric does not fit.
            var result = CalibrateResult.Of(calibrator, predictions, after, metrics, options.Level(session), written, kept);
            if (written is not null)
                PredictionsFile.Write(written, after);
            if (kept is not null)
                calibrator.Save(kept);
            session.Show(result, CalibrateRendering.Render);
            if (written is not null)
                session.Note($"calibrated predictions in {written}");
            if (kept is not null)
                session.Note($"calibrator in {kept}");
            return CliHost.Done;
        });
        return command;

        Calibrator Fitted(CommandSession session, string name)
        {
            var calibrator = Calibrator.Create(session.Require(method));
            var validation = options.Read(session, name, withIds: true, slices: [], session.Get(validationLabels));
            return calibrator.Fit(validation, Copies(session, session.Get(validationCopies), validation));
        }

        // A copy's rows are the original's: matched by id where both have ids.
        Predictions[] Copies(CommandSession session, string[]? names, Predictions original) => [.. (names ?? []).Select(n =>
        {
            var copy = options.Read(session, n, withIds: true, slices: [], truthFile: null);
            return copy.Ids.IsEmpty || original.Ids.IsEmpty || copy.Ids.SequenceEqual(original.Ids) ? copy : Ordered(copy, original);
        })];
    }

    private static Predictions Ordered(Predictions copy, Predictions original)
    {
        var rows = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < copy.Count; i++)
            rows.TryAdd(copy.Ids[i], i);
        return copy.Select([.. original.Ids.Select(id => rows.TryGetValue(id, out var row) ? row : throw new ArgumentException($"{copy.Model}: there is no example '{id}', {original.Model} has"))]);
    }

    private static string? Path(CommandSession session, Option<string?> option) => session.Get(option) is { } file ? session.Environment.PathOf(file) : null;
}
