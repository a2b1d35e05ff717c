using System.Collections.Immutable;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Reads and writes predictions of any framework: tables as CSV, TSV, Parquet, JSONL or NPZ (see <see cref="PredictionRoles"/> for the columns), or an
/// n × k array of scores as NPY with the labels in a second file.
/// </summary>
public static class PredictionsFile
{
    /// <summary>Reads predictions.</summary>
    /// <param name="path">The file.</param>
    /// <param name="roles">Which column plays which part, or null for the conventional names.</param>
    /// <param name="labels">
    /// A file with the truth of the same rows, for predictions that come without: NPY, or a table with a <c>label</c> column (or one column only).
    /// </param>
    /// <exception cref="InvalidDataException">The file has a defect; the message names file, row and column.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static Predictions Read(string path, PredictionRoles? roles = null, string? labels = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        roles ??= PredictionRoles.Default;
        if (roles.Model is null)
            roles = roles with { Model = NameOf(path) };
        if (HasExtension(path, ".npy"))
            return OfArray(NpyFile.Read(path), path, roles, labels is null ? null : Truth(labels, roles));
        var table = ReadTable(path, roles);
        if (labels is null)
            return table.ToPredictions(roles);
        var truth = Truth(labels, roles);
        if (truth.Count != table.RowCount)
            throw new InvalidDataException($"{labels}: {truth.Count} labels for the {table.RowCount} rows of {path}");
        var kept = table.Columns.Where(c => !c.Name.Equals(truth.Name, StringComparison.OrdinalIgnoreCase));
        return new Table(table.Source, [.. kept, truth]).ToPredictions(roles with { Label = truth.Name });
    }

    /// <summary>
    /// Writes predictions by the extension: a table (CSV, TSV, Parquet, JSONL), or with .npy the scores alone, n × k in single precision. The file
    /// appears complete or not at all.
    /// </summary>
    /// <exception cref="ArgumentException">The extension names no format that is written.</exception>
    public static void Write(string path, Predictions predictions)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(predictions);
        if (HasExtension(path, ".npy"))
            NpyFile.Write(path, predictions.Scores);
        else
            TableFile.Write(path, predictions.ToTable());
    }

    /// <summary>
    /// Reads a table (CSV, TSV, Parquet, JSONL) block by block, for files larger than memory: see <see cref="Judgement.OfStream"/>. All blocks have the same
    /// classes. Where the names of columns do not say what they are (a single score, predicted classes), the truth is read through once before.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="rowsPerBlock">The most rows of a block, at least 1.</param>
    /// <param name="roles">Which column plays which part, or null for the conventional names.</param>
    /// <exception cref="InvalidDataException">The file has a defect; thrown when it is reached.</exception>
    /// <exception cref="ArgumentException">The file is an array (NPY, NPZ), which is read whole.</exception>
    public static IEnumerable<Predictions> ReadBlocks(string path, int rowsPerBlock = 1 << 18, PredictionRoles? roles = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerBlock);
        if (HasExtension(path, ".npy") || HasExtension(path, ".npz"))
            throw new ArgumentException($"{path}: an array is read whole; CSV, TSV, Parquet or JSONL was expected", nameof(path));
        roles ??= PredictionRoles.Default;
        return Blocks(path, rowsPerBlock, roles.Model is null ? roles with { Model = NameOf(path) } : roles);
    }

    private static IEnumerable<Predictions> Blocks(string path, int rowsPerBlock, PredictionRoles roles)
    {
        var (columns, options) = Plan(path, roles);
        var survey = PredictionSurvey.Of(path, PredictionSurvey.IsNeeded(columns)
            ? TableFile.ReadBlocks(path, rowsPerBlock, options with { Columns = [.. new[] { columns.Label, columns.Scores.IsEmpty ? columns.Prediction : null }.OfType<string>()], NumericColumns = [], TextColumns = [] })
            : [], columns);
        foreach (var block in TableFile.ReadBlocks(path, rowsPerBlock, options))
            yield return block.ToPredictions(roles, columns, survey);
    }

    private static Table ReadTable(string path, PredictionRoles roles) =>
        HasExtension(path, ".csv") || HasExtension(path, ".tsv") ? TableFile.Read(path, Plan(path, roles).Options) : TableFile.Read(path);

    // The columns are known from the head, so that only those with a part are read.
    private static (PredictionColumns Columns, TableReadOptions Options) Plan(string path, PredictionRoles roles)
    {
        var head = TableFile.ReadHead(path, 64);
        var columns = PredictionColumns.Find(path, [.. head.Columns.Select(c => c.Name)], roles);
        var id = roles.WithIds ? columns.Id : null;
        var needed = new[] { id, columns.Label, columns.Prediction }.OfType<string>().Concat(columns.Scores);
        var wanted = roles.Slices is { } slices ? needed.Concat(slices).Distinct() : head.Columns.Select(c => c.Name).Where(n => (id is not null || n != columns.Id) && !columns.RepeatsScores(n));
        return (columns, new TableReadOptions { Columns = [.. wanted], NumericColumns = columns.Scores, TextColumns = id is null ? [] : [id] });
    }

    private static Predictions OfArray(NpyArray array, string path, PredictionRoles roles, TableColumn? truth)
    {
        if (truth is not null && truth.Count != array.Rows)
            throw new InvalidDataException($"{path}: {array.Rows} rows, but {truth.Count} labels");
        if (array.Shape.Length is not (1 or 2))
            throw new InvalidDataException($"{path}: an array of n scores or of n × k was expected, its shape is ({string.Join(", ", array.Shape)})");
        ImmutableArray<TableColumn> label = truth is null ? [] : [truth];
        roles = roles with { Label = truth?.Name, Id = null, Slices = [] };
        if (array.Columns == 1)
        {
            TableColumn column = array.IsText ? new TextColumn("prediction", array.ToTexts()) : new DoubleColumn("prediction", array.ToDoubles());
            // A real number between 0 and 1 beside labels of two classes is a probability.
            var isProbability = roles.Kind is null or ScoreKind.Probabilities && truth is not null && !ClassCodes.CouldBeClasses(column) && ClassCodes.CouldBeClasses(truth)
                && Array.TrueForAll(array.ToDoubles(), v => v is >= 0 and <= 1);
            roles = isProbability || roles.Kind == ScoreKind.Logits ? roles with { Scores = ["prediction"], Kind = roles.Kind ?? ScoreKind.Probabilities } : roles with { Prediction = "prediction" };
            return new Table(path, [column, .. label]).ToPredictions(roles);
        }
        var matrix = array.ToMatrix();
        var names = Enumerable.Range(0, matrix.Columns).Select(c => ClassCodes.Text(c)).ToImmutableArray();
        var kind = roles.Kind ?? (new Predictions { Model = path, Kind = ScoreKind.Probabilities, Scores = matrix }.ScoreFault(roles.Tolerance) is null ? ScoreKind.Probabilities : ScoreKind.Logits);
        var columns = names.Select((n, c) => (TableColumn)new FloatColumn($"p_{n}", Column(matrix, c)));
        return new Table(path, [.. columns, .. label]).ToPredictions(roles with { Scores = [.. names.Select(n => $"p_{n}")], Kind = kind });
    }

    private static float[] Column(FloatMatrix matrix, int column)
    {
        var values = new float[matrix.Rows];
        for (var i = 0; i < values.Length; i++)
            values[i] = matrix[i, column];
        return values;
    }

    private static TableColumn Truth(string path, PredictionRoles roles)
    {
        if (HasExtension(path, ".npy"))
        {
            var array = NpyFile.Read(path);
            if (array.Columns != 1)
                throw new InvalidDataException($"{path}: one label for each row was expected, the shape is ({string.Join(", ", array.Shape)})");
            return array.IsText ? new TextColumn("label", array.ToTexts()) : new DoubleColumn("label", array.ToDoubles());
        }
        var table = TableFile.Read(path);
        if (table.Columns.Length == 1)
            return table.Columns[0];
        var name = roles.Label ?? new[] { "label", "labels", "y", "y_true", "target", "class" }.FirstOrDefault(n => table.Find(n) is not null);
        return table[name ?? "label"];
    }

    private static bool HasExtension(string path, string extension) => Path.GetExtension(path).Equals(extension, StringComparison.OrdinalIgnoreCase);

    private static string NameOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(name) : name;
    }
}
