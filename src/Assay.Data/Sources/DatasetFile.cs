namespace Assay.Data;

/// <summary>The one door through which data sets enter: a name of the <see cref="DatasetCatalog"/>, a file or a folder.</summary>
public static class DatasetFile
{
    /// <summary>Loads a data set.</summary>
    /// <param name="pathOrName">A catalog name; or a table (CSV, TSV, Parquet, JSONL, NPY, NPZ). A file that exists wins over a name.</param>
    /// <param name="roles">Which column plays which part, or null for the conventional names.</param>
    /// <exception cref="InvalidDataException">The data has a defect; the message names file, row and column.</exception>
    /// <exception cref="FileNotFoundException">There is neither such a file nor such a name.</exception>
    public static Dataset Load(string pathOrName, DataRoles? roles = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(pathOrName);
        roles ??= DataRoles.Default;
        if (!File.Exists(pathOrName))
        {
            return DatasetCatalog.Contains(pathOrName)
                ? DatasetCatalog.Load(pathOrName)
                : throw new FileNotFoundException($"'{pathOrName}' is neither a file nor a data set; data sets: {string.Join(", ", DatasetCatalog.List.Select(e => e.Name))}", pathOrName);
        }
        var texts = new[] { roles.Id ?? "id", roles.Text ?? "text" };
        var table = TableFile.Read(pathOrName);
        // An id such as 007 is a text even where the column looks numeric.
        var stay = texts.Where(t => table.Find(t) is FloatColumn or DoubleColumn).ToArray();
        if (stay.Length > 0)
            table = TableFile.Read(pathOrName, new TableReadOptions { TextColumns = [.. stay] });
        return table.ToDataset(Path.GetFileNameWithoutExtension(pathOrName), roles);
    }
}
