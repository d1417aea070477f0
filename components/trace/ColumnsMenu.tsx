'use client'
import { Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { Button } from '#components/ui/Button.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { menuItemClasses, popoverClasses } from '#components/ui/Select.tsx'
import { TITLES } from './TraceTable.tsx'
import { COLUMN_IDS, type ColumnId } from './trace-columns.ts'

/** Which columns the list of traces has, besides the trace itself. */
export function ColumnsMenu({ columns, onChoose }: { columns: readonly ColumnId[]; onChoose: (columns: readonly ColumnId[]) => void }) {
  return (
    <MenuTrigger>
      <Button small>Columns<Icon name="chevron" size={13} /></Button>
      <Popover className={popoverClasses} placement="bottom end">
        <Menu aria-label="Columns" selectionMode="multiple" selectedKeys={columns} onSelectionChange={(keys) => onChoose(COLUMN_IDS.filter((id) => keys === 'all' || keys.has(id)))} className="min-w-44 p-1 outline-none">
          {COLUMN_IDS.map((id) => (
            <MenuItem key={id} id={id} textValue={TITLES[id]} className={menuItemClasses}>
              {({ isSelected }) => <><span className="grid size-4 place-items-center">{isSelected && <Icon name="check" size={14} />}</span>{TITLES[id]}</>}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
